import { existsSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory, attachRepository } from "./repository.ts";

/** A program of this machine that leaves a mark when it is run: by whom and however. */
export interface CanaryProgram extends Disposable {
  /** Absolute; without characters that a shell would take apart. */
  readonly path: string;
  hasRun(): boolean;
}

export function makeCanaryProgram(): CanaryProgram {
  const directory = makeDirectory("agent-worker-canary-");
  const path = join(directory.path, "canary");
  const mark = join(directory.path, "mark");
  // As a filter it passes its input through, as an fsmonitor it answers something.
  attachRepository(directory.path).write({ canary: { program: `#!/bin/sh\ntouch '${mark}'\ncat\nexit 0\n` } });
  return { path, hasRun: () => existsSync(mark), [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

/** `git config` commands that make git run `program` wherever its configuration can name one. */
export function buildHostileConfiguration(program: string): readonly (readonly [key: string, value: string])[] {
  return [
    ["core.fsmonitor", program],
    ["core.hooksPath", `${program}.hooks`],
    ["core.sshCommand", program],
    ["core.pager", program],
    ["core.editor", program],
    ["core.askPass", program],
    ["core.gitProxy", program],
    ["core.alternateRefsCommand", program],
    ["core.attributesFile", `${program}.attributes`],
    ["credential.helper", program],
    ["sequence.editor", program],
    ["diff.external", program],
    ["diff.canary.command", program],
    ["diff.canary.textconv", program],
    ["merge.canary.driver", program],
    ["merge.tool", program],
    ["filter.canary.clean", program],
    ["filter.canary.smudge", program],
    ["filter.canary.process", program],
    ["filter.canary.required", "false"],
    ["gpg.program", program],
    ["commit.gpgSign", "true"],
    ["log.showSignature", "true"],
    ["interactive.diffFilter", program],
    ["uploadpack.packObjectsHook", program],
    ["remote.origin.uploadpack", program],
    ["remote.origin.vcs", program],
    ["trailer.canary.command", program],
    ["trailer.canary.cmd", program],
    ["alias.rev-parse", `!${program}`],
    ["alias.diff-tree", `!${program}`],
    ["submodule.canary.update", `!${program}`],
    ["gc.recentObjectsHook", program],
    ["include.path", `${program}.config`],
    ["extensions.partialClone", "origin"],
  ];
}

export const hookNames = [
  "applypatch-msg",
  "commit-msg",
  "fsmonitor-watchman",
  "post-checkout",
  "post-commit",
  "post-index-change",
  "post-merge",
  "post-rewrite",
  "pre-auto-gc",
  "pre-commit",
  "pre-push",
  "pre-receive",
  "prepare-commit-msg",
  "proc-receive",
  "post-receive",
  "post-update",
  "reference-transaction",
  "update",
] as const;
