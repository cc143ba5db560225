import { join } from "node:path";
import { expect, it } from "vitest";
import { fetchCommit } from "../../src/git/fetch-commit.ts";
import { openRepository } from "../../src/git/repository.ts";
import { createRepositories } from "../../src/server/repositories/create-repositories.ts";
import { hostCertificate } from "../support/git-host.ts";
import { gitSettings, makeDirectory, makeRepository } from "../support/repository.ts";
import { startStrayingHost } from "../support/straying-host.ts";

const { signal } = new AbortController();
const limits = { packBytes: 1_000_000, unpackedBytes: 1_000_000, timeoutMs: 60_000 };

it("a server sends the client's git nowhere else, and the key neither", async () => {
  using source = makeRepository({ "there.txt": "there" });
  using here = makeRepository();
  using scratch = makeDirectory();
  const ref = "refs/tasks/01M7XQEKPMMNEQZ2HHF3DSZ5S4";
  await using host = await startStrayingHost(source, { ref, isSecure: false });
  const repository = await openRepository(here.path, gitSettings, signal);
  const fetching = fetchCommit(
    repository,
    {
      remote: { url: host.url, authorization: "Bearer secret", proxyUrl: undefined, certificates: undefined },
      ref,
      expected: undefined,
      base: here.git("rev-parse", "HEAD"),
      runId: "01M7XQEKPMMNEQZ2HHF3DSZ5S5",
      directory: join(scratch.path, "fetch"),
      limits,
    },
    signal,
  );
  await expect(fetching).rejects.toMatchObject({ code: expect.stringMatching(/^(SERVER_|IMPORT_)/) });
  expect([host.fetches, host.strayed]).toEqual([1, []]);
});

it("a host that the server fetches from sends it nowhere else", async () => {
  using source = makeRepository();
  using data = makeDirectory();
  await using host = await startStrayingHost(source, { ref: "refs/heads/main", isSecure: true });
  const repositories = createRepositories({
    dataDirectory: data.path,
    git: gitSettings,
    workspaceRoots: [],
    urlHosts: ["localhost"],
    caBundle: hostCertificate,
    allowPrivateAddresses: true,
  });
  const prepared = repositories.prepare("alice", { url: `${host.url}/app.git`, base: "main" }, signal);
  await expect(prepared).rejects.toMatchObject({ code: "GIT_FAILED" });
  expect([host.fetches, host.strayed]).toEqual([1, []]);
});
