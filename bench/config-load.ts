import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../src/config/load-config.ts";
import { time } from "./support/alternate.ts";
import { buildRow } from "./support/row.ts";
import type { Bench } from "./support/row.ts";

/** Flags, environment, `.env`, a project file and a global file into one Config. */
export const configLoad: Bench = {
  rows: ["config-load", "config-load-first"],
  async measure({ runs = 50 }) {
    await using directory = await mkdtempDisposable(join(tmpdir(), "aw-bench-"));
    writeFileSync(join(directory.path, ".env"), "AGENT_WORKER_PIDS=100\n");
    writeFileSync(join(directory.path, ".agent-worker.yaml"), "model: sonnet\nlimits:\n  maxTurns: 20\n");
    mkdirSync(join(directory.path, "agent-worker"));
    writeFileSync(join(directory.path, "agent-worker/config.yaml"), "container:\n  cpus: 1\n  memory: 2g\n");
    const sources = {
      flags: new Map(),
      environment: { ...process.env, XDG_CONFIG_HOME: directory.path },
      workingDirectory: directory.path,
      projectDirectory: directory.path,
    };
    const load = (): Promise<number> => time(() => loadConfig(sources));
    // The first one loads the YAML parser; a program loads its configuration once, so it is the one that counts.
    const first = await load();
    const ours: number[] = [];
    for (let run = 0; run < runs; run += 1) ours.push(await load());
    return [
      buildRow("config-load", { unit: "ms", goal: 10, ours }),
      buildRow("config-load-first", { unit: "ms", goal: null, ours: [first] }),
    ];
  },
};
