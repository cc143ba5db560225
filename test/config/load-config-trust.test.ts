import { join } from "node:path";
import { symlink, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { optionList } from "../../src/config/options.ts";
import { openConfigPlace } from "../support/config-place.ts";
import type { ConfigPlace } from "../support/config-place.ts";

let place: ConfigPlace;
beforeEach(async () => {
  place = await openConfigPlace();
});
const isTracked = () => Promise.resolve(true);
afterEach(() => place[Symbol.asyncDispose]());

describe("a project file", () => {
  it.each(optionList.filter(({ files }) => files === "global").map(({ key }) => key))("may not set %s", async (key) => {
    const [last, ...parents] = key.split(".").reverse();
    const text = parents.reduce((inner, name) => `{${name}: ${inner}}`, `{${last ?? ""}: "1"}`);
    await place.writeProject(text);
    expect(await place.loadProblems()).toMatch(/can(not| only) be set/);
  });

  it("may lower limits, and not raise them above the global file or the default", async () => {
    await place.writeGlobal("limits: {maxCost: 5}\n");
    await place.writeProject("limits: {maxCost: 500, maxTurns: 9, timeout: 2h}\ncontainer: {memory: 1g}\n");
    const { config, warnings, entries } = await place.load();
    expect(config.limits).toEqual({ maxCostUsd: 5, maxTurns: 9, timeoutMs: 1_800_000 });
    expect(config.container.memoryBytes).toBe(1024 ** 3);
    expect(warnings.map(({ code }) => code)).toEqual(["SETTING_UNTRUSTED", "SETTING_UNTRUSTED"]);
    expect(entries.get("limits.maxCost")?.origin.kind).toBe("global-file");
  });

  it("cannot copy the environment into its values", async () => {
    await place.writeProject("model: x-${ANTHROPIC_API_KEY}");
    const message = await place.loadProblems({ environment: { ANTHROPIC_API_KEY: "hush" } });
    expect(message).toContain("is not replaced in a project file");
    expect(message).not.toContain("hush");
  });

  it("may not be a symbolic link", async () => {
    await writeFile(join(place.root, "private"), "password: hush");
    await symlink(join(place.root, "private"), join(place.project, ".agent-worker.yaml"));
    const message = await place.loadProblems();
    expect(message).toContain("is a symbolic link");
    expect(message).not.toContain("hush");
  });

  it("may do all that where the global file trusts the repository", async () => {
    await symlink(place.project, join(place.root, "link"));
    await place.writeGlobal("trust: [~/link]\n");
    await place.writeProject("server: {url: '${URL}'}\nlimits: {timeout: 2h}\n");
    const { config, warnings } = await place.load({ environment: { URL: "http://a" } });
    expect([config.server.urls, config.limits.timeoutMs, warnings]).toEqual([["http://a"], 7_200_000, []]);
    await place.writeProject("trust: [/]\n");
    expect(await place.loadProblems()).toContain("trust can only be set in the global file");
  });
});

describe(".env", () => {
  it("sets the table's variables, and none that decide about programs, proxies or the engine", async () => {
    await place.writeEnv(
      "ANTHROPIC_API_KEY=key\nCLAUDE_SERVER_URL='http://a'\nPATH=/evil\nHOME=/evil\nDOCKER_HOST=tcp://evil\nHTTPS_PROXY=http://evil\nNODE_OPTIONS=-r/evil\nXDG_CONFIG_HOME=/evil\n",
    );
    const { config } = await place.load();
    expect(config.credential).toEqual({ kind: "api-key", value: "key" });
    expect(config.server.urls).toEqual(["http://a"]);
    expect(JSON.stringify(config)).not.toContain("evil");
    expect(process.env["ANTHROPIC_API_KEY"]).not.toBe("key");
  });

  it("says no more than a project file may where git tracks it", async () => {
    await place.writeEnv("ANTHROPIC_BASE_URL=http://evil\nAGENT_WORKER_MODEL=m\nAGENT_WORKER_TIMEOUT=9h\nOTHER=1\n");
    const { config, warnings } = await place.load({ isTracked });
    expect([config.modelBaseUrl, config.model]).toEqual(["https://api.anthropic.com", "m"]);
    expect(config.limits.timeoutMs).toBe(1_800_000);
    expect(warnings.map(({ code }) => code)).toEqual(["SETTING_UNTRUSTED", "SETTING_UNTRUSTED"]);
    expect(warnings[0]?.message).toContain(join(place.project, ".env:1"));
    await place.writeGlobal(`trust: [${place.project}]`);
    expect((await place.load({ isTracked })).config.modelBaseUrl).toBe("http://evil");
  });
});
