import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { WorkerError } from "../../src/core/worker-error.ts";
import { importPack } from "../../src/git/import-pack.ts";
import type { PackImport } from "../../src/git/import-pack.ts";
import { openRepository } from "../../src/git/repository.ts";
import { packCommits, streamBytes } from "./agent-pack.ts";
import { attachRepository, gitSettings, makeDirectory, makeRepository, runTestGit } from "./repository.ts";
import type { TestRepository } from "./repository.ts";
import { snapshotCheckout } from "./snapshot-checkout.ts";

export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** Whether the repository is as it was, down to its objects. */
  readonly isUnchanged: boolean;
}

/** The user's repository, an agent's clone of it, and the ways from the one to the other. */
export interface ImportWorld extends Disposable {
  readonly source: TestRepository;
  readonly agent: TestRepository;
  readonly base: string;
  /** Imports a pack; the first run is RUN1. */
  send(pack: AsyncIterable<Uint8Array>, head: string, change?: Partial<PackImport>): Promise<void>;
  /** Packs what leads from the base to `head`, and imports it. */
  sendCommits(head: string): Promise<void>;
  /** Imports what must be refused. */
  refuse(pack: AsyncIterable<Uint8Array>, head: string, change?: Partial<PackImport>): Promise<Refusal>;
}

export const testLimits = { packBytes: 50_000_000, unpackedBytes: 100_000_000 };

export function makeImportWorld(
  source: TestRepository = makeRepository({ "a.txt": "one\n".repeat(500) }),
): ImportWorld {
  const scratch = makeDirectory();
  runTestGit(scratch.path, ["clone", "--quiet", `file://${source.path}`, "agent"]);
  const agent = attachRepository(join(scratch.path, "agent"));
  const base = agent.git("rev-parse", "HEAD");
  const { signal } = new AbortController();
  let imports = 0;
  const send: ImportWorld["send"] = async (pack, head, change = {}) => {
    const repository = await openRepository(source.path, gitSettings, signal);
    imports += 1;
    const directory = join(scratch.path, `quarantine-${imports}`);
    const request = { pack, base, head, runId: `RUN${imports}`, directory, limits: testLimits, ...change };
    await importPack(repository, request, signal);
  };
  return {
    source,
    agent,
    base,
    send,
    sendCommits: (head) => send(streamBytes(packCommits(agent.path, head, base)), head),
    async refuse(...request) {
      const before = describeRepository(source);
      const error = await send(...request).catch((error: unknown) => error);
      if (!(error instanceof WorkerError)) throw new Error("The import was not refused.", { cause: error });
      const isUnchanged = isDeepStrictEqual(describeRepository(source), before);
      return { code: error.code, message: error.message, isUnchanged };
    },
    [Symbol.dispose]() {
      source[Symbol.dispose]();
      scratch[Symbol.dispose]();
    },
  };
}

function describeRepository(source: TestRepository): readonly unknown[] {
  const objects = source.git("rev-parse", "--path-format=absolute", "--git-path", "objects");
  return [
    snapshotCheckout(source.path),
    source.git("for-each-ref"),
    source.git("cat-file", "--batch-all-objects", "--batch-check"),
    // Temporary files and .keep files have a place of their own in no listing of git's.
    readdirSync(objects, { recursive: true, encoding: "utf8" }).toSorted(),
  ];
}
