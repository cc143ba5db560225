import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createRepositories } from "../../../src/server/repositories/create-repositories.ts";
import type { RepositoriesSettings } from "../../../src/server/repositories/create-repositories.ts";
import type { Repositories } from "../../../src/server/repositories/repositories.ts";
import { parseSourceUrl, resolveSource } from "../../../src/server/repositories/source-url.ts";
import { hostCertificate, startGitHost } from "../../support/git-host.ts";
import type { GitHost } from "../../support/git-host.ts";
import { gitSettings, makeDirectory, makeRepository, runTestGit } from "../../support/repository.ts";
import type { TestRepository } from "../../support/repository.ts";

const { signal } = new AbortController();
const rules = { urlHosts: ["git.example.org", "other.example.org:8443", "10.0.0.1", "127.0.0.1", "[::1]", "::1"] };

describe("a URL", () => {
  it.each([
    ["https://git.example.org/a/b.git", 443],
    ["https://git.example.org:8000/a", 8000],
    ["https://GIT.example.org/a", 443],
    ["ssh://git.example.org/a", 22],
    ["https://other.example.org:8443/a", 8443],
  ])("%s is one to fetch", (url, port) => {
    expect(parseSourceUrl(url, rules)).toMatchObject({ port });
  });

  it.each([
    "http://git.example.org/a",
    "file:///etc",
    "git://git.example.org/a",
    "ext::sh -c id",
    "git.example.org:a.git",
    "https://user@git.example.org/a",
    "https://user:password@git.example.org/a",
    "https://git.example.org/a?x=1",
    "https://git.example.org/a#x",
    "https://evil.example.org/a",
    "https://git.example.org.evil.org/a",
    "https://git.example.org@evil.org/a",
    "https://other.example.org/a",
    "https://other.example.org:8444/a",
    "https://10.0.0.1/a",
    "https://127.1/a",
    "https://2130706433/a",
    "https://[::1]/a",
    "ssh://-oProxyCommand=id/a",
    "not a url",
  ])("%s is not", (url) => {
    expect(() => parseSourceUrl(url, rules)).toThrow(expect.objectContaining({ code: "REPOSITORY_REFUSED" }));
  });

  it.each([
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.31.255.255",
    "192.168.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
  ])("that leads to %s is not", (address) => {
    const host = address.includes(":") ? `[${address}]` : address;
    const url = new URL(`https://${host}/`).hostname.replace(/^\[|\]$/g, "");
    expect(() => parseSourceUrl(`https://${host}/a`, { urlHosts: [url] })).toThrow(/private network/);
  });

  it("whose name leads to this machine is not fetched", async () => {
    const source = parseSourceUrl("https://localhost/a", { urlHosts: ["localhost"] });
    await expect(resolveSource(source, { urlHosts: [] })).rejects.toMatchObject({ code: "REPOSITORY_REFUSED" });
  });
});

interface Place extends AsyncDisposable {
  readonly host: GitHost;
  readonly source: TestRepository;
  readonly repositories: Repositories;
  readonly url: string;
}

async function openPlace(settings: Partial<RepositoriesSettings> = {}): Promise<Place> {
  const stack = new AsyncDisposableStack();
  const root = stack.use(makeDirectory());
  const data = stack.use(makeDirectory());
  const source = makeRepository({ "a.txt": "one\n" }, { path: `${root.path}/app.git` });
  const host = stack.use(await startGitHost(root.path));
  const repositories = createRepositories({
    dataDirectory: data.path,
    git: gitSettings,
    workspaceRoots: [],
    urlHosts: ["localhost"],
    caBundle: hostCertificate,
    allowPrivateAddresses: true,
    ...settings,
  });
  const url = `${host.url}/app.git/.git`;
  return { host, source, repositories, url, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const resolveThere = (directory: string, sha: string): string =>
  runTestGit(directory, ["cat-file", "-t", sha]).toString().trim();

describe("a repository behind ssh", () => {
  it("is fetched as git from the address that was checked, from a host that is known, without a question", async () => {
    using place = makeDirectory("agent-worker-ssh-");
    using data = makeDirectory();
    using source = makeRepository();
    const ssh = `#!/bin/sh\nprintf '%s\\n' "$@" > ${place.path}/argv\nfor last; do :; done\neval "$last"\n`;
    writeFileSync(join(place.path, "ssh"), ssh, { mode: 0o755 });
    const repositories = createRepositories({
      dataDirectory: data.path,
      git: { ...gitSettings, path: `${place.path}:${gitSettings.path}` },
      workspaceRoots: [],
      urlHosts: ["localhost"],
      allowPrivateAddresses: true,
    });
    const request = { url: `ssh://localhost:2222${encodeURI(source.path)}`, base: "main" };
    const { base } = await repositories.prepare("alice", request, signal);
    expect(base).toBe(source.git("rev-parse", "HEAD"));
    const argv = readFileSync(join(place.path, "argv"), "utf8").split("\n");
    expect(argv).toEqual(
      expect.arrayContaining([
        "none",
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        expect.stringMatching(/^HostName=(127\.0\.0\.1|::1)$/),
        "HostKeyAlias=localhost",
        "2222",
        "localhost",
      ]),
    );
    expect(argv[argv.indexOf("-l") + 1]).toBe("git");
    // ssh would show the keys of the server's user, from their home and their agent.
    expect(argv).toEqual(
      expect.arrayContaining(["PubkeyAuthentication=no", "GSSAPIAuthentication=no", "HostbasedAuthentication=no"]),
    );
  });
});

describe("a repository of another host", () => {
  it("is fetched by branch, tag, HEAD, commit and what lies behind them", async () => {
    await using place = await openPlace();
    const { source, repositories, url } = place;
    const first = source.git("rev-parse", "HEAD");
    source.git("tag", "--annotate", "--message=x", "v1");
    const second = source.commit({ "a.txt": "two\n" });
    source.git("branch", "feature/x", first);
    for (const [base, sha] of [
      ["main", second],
      ["HEAD", second],
      ["main~1", first],
      ["v1", first],
      ["feature/x", first],
      ["refs/heads/main", second],
      [first, first],
      [second, second],
    ] as const) {
      expect((await repositories.prepare("alice", { url, base }, signal)).base).toBe(sha);
    }
    const { directory } = await repositories.prepare("alice", { url, base: "main" }, signal);
    expect(directory).toBe(repositories.locate("alice", { url, base: "main" }));
    expect(directory).not.toBe(repositories.locate("bob", { url, base: "main" }));
    expect(resolveThere(directory, second)).toBe("commit");
  });

  it("is not asked again for a commit that is here, and what is new is small", async () => {
    await using place = await openPlace();
    const { source, repositories, url, host } = place;
    const base = source.git("rev-parse", "HEAD");
    await repositories.prepare("alice", { url, base: "main" }, signal);
    const before = host.requests.length;
    expect((await repositories.prepare("alice", { url, base }, signal)).base).toBe(base);
    expect(host.requests).toHaveLength(before);
    expect(host.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  it("has no such branch", async () => {
    await using place = await openPlace();
    for (const base of [
      "nothing",
      "a".repeat(40),
      "main~7",
      "--upload-pack=id",
      "main^{commit}",
      "main:x",
      "refs/heads/*",
    ]) {
      const prepared = place.repositories.prepare("alice", { url: place.url, base }, signal);
      await expect(prepared).rejects.toMatchObject({ code: expect.stringMatching(/^(BASE_NOT_FOUND|GIT_FAILED)$/) });
    }
  });

  it("is not shown the password that the server's user has for it", async () => {
    using home = makeDirectory();
    writeFileSync(join(home.path, ".netrc"), "machine localhost login me password secret\n", { mode: 0o600 });
    await using place = await openPlace({ git: { ...gitSettings, home: home.path } });
    const url = place.url.replace("/app.git", "/private/app.git");
    await expect(place.repositories.prepare("alice", { url, base: "main" }, signal)).rejects.toMatchObject({
      code: "GIT_FAILED",
    });
    const sha = place.source.git("rev-parse", "HEAD");
    await expect(place.repositories.prepare("alice", { url, base: sha }, signal)).rejects.toMatchObject({
      code: "GIT_FAILED",
    });
    expect(place.host.requests.length).toBeGreaterThanOrEqual(2);
    expect(place.host.requests.flatMap(({ headers }) => headers.authorization ?? [])).toEqual([]);
  });

  it("may not send us elsewhere", async () => {
    await using place = await openPlace();
    const url = place.url.replace("/app.git", "/moved/app.git");
    await expect(place.repositories.prepare("alice", { url, base: "main" }, signal)).rejects.toMatchObject({
      code: "GIT_FAILED",
    });
    expect(place.host.requests.every(({ path }) => path.startsWith("/moved/"))).toBe(true);
  });

  it("must show a certificate that is trusted, and an address that is public", async () => {
    await using untrusted = await openPlace({ caBundle: undefined });
    const distrusted = untrusted.repositories.prepare("alice", { url: untrusted.url, base: "main" }, signal);
    await expect(distrusted).rejects.toMatchObject({ code: "GIT_FAILED" });
    await using strict = await openPlace({ allowPrivateAddresses: false });
    const refused = strict.repositories.prepare("alice", { url: strict.url, base: "main" }, signal);
    await expect(refused).rejects.toMatchObject({ code: "REPOSITORY_REFUSED" });
    expect(strict.host.requests).toEqual([]);
    await using unlisted = await openPlace({ urlHosts: ["git.example.org"] });
    const problem = await unlisted.repositories.check("alice", { url: unlisted.url, base: "main" }, signal);
    expect(problem).toMatchObject({ code: "REPOSITORY_REFUSED", pointer: "/repository/url" });
  });

  it("with a commit that could harm a checkout is refused", async () => {
    await using place = await openPlace();
    const { source, repositories, url } = place;
    const blob = source.git("rev-parse", "HEAD:a.txt");
    const bytes = Buffer.concat([Buffer.from("100644 .git\0"), Buffer.from(blob, "hex")]);
    const write = ["hash-object", "-t", "tree", "-w", "--literally", "--stdin"];
    const tree = runTestGit(source.path, write, bytes).toString().trim();
    source.git("update-ref", "refs/heads/evil", source.git("commit-tree", tree, "-m", "x"));
    const prepared = repositories.prepare("alice", { url, base: "evil" }, signal);
    await expect(prepared).rejects.toMatchObject({ code: "GIT_FAILED" });
    const directory = repositories.locate("alice", { url, base: "evil" });
    expect(runTestGit(directory, ["for-each-ref"]).toString()).toBe("");
  });
});
