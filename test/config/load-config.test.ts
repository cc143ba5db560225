import { join } from "node:path";
import { mkdir, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { optionList } from "../../src/config/options.ts";
import { openConfigPlace } from "../support/config-place.ts";
import type { ConfigPlace } from "../support/config-place.ts";

let place: ConfigPlace;
beforeEach(async () => {
  place = await openConfigPlace();
});
afterEach(() => place[Symbol.asyncDispose]());

describe("precedence", () => {
  it("takes flags before environment, .env, project file, global file and default, and says where from", async () => {
    const steps = [
      { set: async () => {}, model: undefined, kind: "default", name: "" },
      {
        set: () => place.writeGlobal("agent: x\nmodel: m1\n"),
        model: "m1",
        kind: "global-file",
        name: join(place.root, "xdg/agent-worker/config.yaml:2"),
      },
      {
        set: () => place.writeProject("model: m2"),
        model: "m2",
        kind: "project-file",
        name: join(place.project, ".agent-worker.yaml:1"),
      },
      {
        set: () => place.writeEnv("# mine\nexport AGENT_WORKER_MODEL=m3"),
        model: "m3",
        kind: "env-file",
        name: join(place.project, ".env:2"),
      },
    ];
    for (const { set, model, kind, name } of steps) {
      await set();
      const { config, entries } = await place.load();
      expect([config.model, entries.get("model")?.origin]).toEqual([model, { kind, name }]);
    }
    const environment = { AGENT_WORKER_MODEL: "m4" };
    const fromEnvironment = await place.load({ environment });
    expect(fromEnvironment.config.model).toBe("m4");
    expect(fromEnvironment.entries.get("model")?.origin).toEqual({ kind: "environment", name: "AGENT_WORKER_MODEL" });
    const fromFlag = await place.load({ environment, flags: { "--model": ["m5", "m6"] } });
    expect(fromFlag.config.model).toBe("m6");
    expect(fromFlag.entries.get("model")?.origin).toEqual({ kind: "flag", name: "--model" });
  });

  it("takes a variable that is set to nothing as not set", async () => {
    await place.writeGlobal("model: m1");
    const { config } = await place.load({ environment: { AGENT_WORKER_MODEL: "" } });
    expect(config.model).toBe("m1");
  });

  it("has an origin for every setting of the table, in its order", async () => {
    const { entries, config } = await place.load();
    expect([...entries.keys()]).toEqual(optionList.map(({ key }) => key));
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.container)).toBe(true);
  });

  it("finds the project file of the repository that --repo points into, from anywhere", async () => {
    await mkdir(join(place.project, "deep/er"), { recursive: true });
    await place.writeProject("model: m2");
    const { config } = await place.load({ workingDirectory: place.root, flags: { "--repo": ["project/deep/er"] } });
    expect(config.repository).toBe(join(place.project, "deep/er"));
    expect(config.model).toBe("m2");
  });
});

describe("values", () => {
  it("reads the values of a run from their variables", async () => {
    const { config } = await place.load({
      environment: {
        AGENT_EXECUTION_MODE: "server",
        CLAUDE_SERVER_URL: "https://a.example/, http://b.example:8000",
        CLAUDE_SERVER_API_KEY: "server-key",
        AGENT_WORKER_MAX_TURNS: "7",
        AGENT_WORKER_MAX_COST: "2.50",
        AGENT_WORKER_TIMEOUT: "1h30m",
        AGENT_WORKER_CPUS: "1.5",
        AGENT_WORKER_MEMORY: "512m",
        AGENT_WORKER_PIDS: "64",
        AGENT_WORKER_OUTPUT: "ndjson",
        CLAUDE_CODE_TOKEN: "token\n",
        NO_COLOR: "1",
        DOCKER_HOST: "tcp://engine:2376",
        DOCKER_TLS_VERIFY: "0",
      },
    });
    expect(config).toMatchObject({
      executionMode: "server",
      server: { urls: ["https://a.example", "http://b.example:8000"], apiKey: "server-key" },
      limits: { maxTurns: 7, maxCostUsd: 2.5, timeoutMs: 5_400_000 },
      container: { cpus: 1.5, memoryBytes: 512 * 1024 ** 2, pids: 64 },
      output: "ndjson",
      credential: { kind: "oauth-token", value: "token" },
      color: "never",
      engine: { host: "tcp://engine:2376", tlsVerify: true, configDirectory: join(place.root, ".docker") },
    });
  });

  it("reads values of YAML as they are written, and paths from the directory of the file", async () => {
    await mkdir(join(place.root, "xdg/agent-worker/certs"));
    await writeFile(join(place.root, "xdg/agent-worker/certs/company.pem"), "-----BEGIN CERTIFICATE-----\n");
    await place.writeGlobal(
      "container:\n  caBundle: certs/company.pem\n  memory: 1g\nbase: 1e3\nserver:\n  url: http://a",
    );
    const { config } = await place.load();
    expect(config.container.caBundle).toBe(join(place.root, "xdg/agent-worker/certs/company.pem"));
    expect([config.base, config.server.urls]).toEqual(["1e3", ["http://a"]]);
  });

  it("ignores an XDG_RUNTIME_DIR that is not there, relative, or too long for sockets", async () => {
    const long = join(place.root, "x".repeat(80));
    await mkdir(long);
    for (const directory of [join(place.root, "missing"), "relative", long]) {
      const { config, entries } = await place.load({ environment: { XDG_RUNTIME_DIR: directory } });
      expect([config.directories.runtime, entries.get("directories.runtime")?.origin.kind]).toEqual([
        "/tmp",
        "default",
      ]);
    }
    const { config } = await place.load({ environment: { XDG_RUNTIME_DIR: place.root } });
    expect(config.directories.runtime).toBe(place.root);
  });

  it("hands XDG_CONFIG_HOME to git, where the user's own git configuration may be", async () => {
    expect((await place.load()).config.git.xdgConfigHome).toBe(join(place.root, "xdg"));
    const { config } = await place.load({ environment: { XDG_CONFIG_HOME: "" } });
    expect(config.git.xdgConfigHome).toBe(join(place.root, ".config"));
  });

  it("uses the credential of the stronger source, and tells of the other", async () => {
    await place.writeEnv("ANTHROPIC_API_KEY=from-file");
    const { config, warnings } = await place.load({ environment: { CLAUDE_CODE_OAUTH_TOKEN: "from-environment" } });
    expect(config.credential).toEqual({ kind: "oauth-token", value: "from-environment" });
    expect(warnings).toEqual([expect.objectContaining({ code: "CREDENTIAL_AMBIGUOUS" })]);
    const equal = await place.load({ environment: { CLAUDE_CODE_OAUTH_TOKEN: "t", ANTHROPIC_API_KEY: "k" } });
    expect(equal.config.credential).toEqual({ kind: "api-key", value: "k" });
  });

  it("warns of a key given as a flag, and shows it nowhere", async () => {
    const loaded = await place.load({ flags: { "--server-api-key": ["hush-hush"] } });
    expect(loaded.warnings).toEqual([expect.objectContaining({ code: "SECRET_IN_ARGV" })]);
    expect(loaded.entries.get("server.apiKey")).toMatchObject({ text: "set", value: "set" });
    expect(JSON.stringify([loaded.warnings, [...loaded.entries.values()]])).not.toContain("hush-hush");
  });
});
