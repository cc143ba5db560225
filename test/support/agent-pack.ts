import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { runTestGit } from "./repository.ts";

/** A thin pack of what `head` adds to `base`, as the container makes it. */
export function packCommits(path: string, head: string, base: string): Buffer {
  return runTestGit(path, ["pack-objects", "--revs", "--thin", "--stdout", "--quiet"], `${head}\n^${base}\n`);
}

/** A pack of exactly these objects, with nothing they refer to. */
export function packObjects(path: string, ids: readonly string[]): Buffer {
  return runTestGit(path, ["pack-objects", "--stdout", "--quiet"], ids.map((id) => `${id}\n`).join(""));
}

/** Bytes as a stream cuts them. */
export async function* streamBytes(bytes: Uint8Array, chunkBytes = 1_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

export interface TreeEntry {
  readonly mode: string;
  readonly name: string | Uint8Array;
  readonly id: string;
}

/** Writes a tree that git itself would refuse to write, and returns its id. */
export function writeTree(path: string, entries: readonly TreeEntry[]): string {
  const parts = entries.map(({ mode, name, id }) =>
    Buffer.concat([Buffer.from(`${mode} `), Buffer.from(name), Buffer.from([0]), Buffer.from(id, "hex")]),
  );
  const args = ["hash-object", "-t", "tree", "-w", "--literally", "--stdin"];
  return runTestGit(path, args, Buffer.concat(parts)).toString("utf8").trim();
}

export function writeBlob(path: string, content: string | Uint8Array): string {
  return runTestGit(path, ["hash-object", "-w", "--stdin"], content).toString("utf8").trim();
}

/** A pack of one blob of zeros, made without a file of that size. */
export function packZeros(sizeBytes: number): Buffer {
  const header = Buffer.alloc(12);
  header.write("PACK");
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(1, 8);
  const size = [(3 << 4) | (sizeBytes & 15)];
  for (let rest = Math.floor(sizeBytes / 16); rest > 0; rest = Math.floor(rest / 128)) {
    size.push((size.pop() ?? 0) | 128, rest & 127);
  }
  const body = Buffer.concat([header, Buffer.from(size), deflateSync(Buffer.alloc(sizeBytes))]);
  return Buffer.concat([body, createHash("sha1").update(body).digest()]);
}
