import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
  const args = ["hash-object", "-t", "tree", "-w", "--literally", "--stdin"];
  return runTestGit(path, args, formatTree(entries)).toString("utf8").trim();
}

function formatTree(entries: readonly TreeEntry[]): Buffer {
  const parts = entries.flatMap(({ mode, name, id }) => [`${mode} `, name, "\0", Buffer.from(id, "hex")]);
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

export interface LooseObject {
  readonly type: string;
  readonly content: Uint8Array;
  readonly sizeBytes?: number;
}

/** Writes an object without git, for hundreds of them; into a checkout with SHA-1. Its size may be a lie. */
export function writeLoose(path: string, { type, content, sizeBytes = content.length }: LooseObject): string {
  const object = Buffer.concat([Buffer.from(`${type} ${sizeBytes}\0`), content]);
  const id = createHash("sha1").update(object).digest("hex");
  const directory = join(path, ".git/objects", id.slice(0, 2));
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, id.slice(2)), deflateSync(object));
  return id;
}

export function writeBlob(path: string, content: string | Uint8Array): string {
  return runTestGit(path, ["hash-object", "-w", "--stdin"], content).toString("utf8").trim();
}

export interface Nesting {
  readonly leaf: readonly TreeEntry[];
  readonly levels: number;
  /** How often each tree holds the one below. */
  readonly width: number;
  /** How the names begin. */
  readonly name?: string;
}

/** Trees within trees; returns their ids, the outermost last. */
export function nestTrees(path: string, { leaf, levels, width, name = "n" }: Nesting): readonly string[] {
  const ids = [writeLoose(path, { type: "tree", content: formatTree(leaf) })];
  for (let level = 0; level < levels; level += 1) {
    const id = ids.at(-1) ?? "";
    const entries = Array.from({ length: width }, (_, index) => ({ mode: "40000", name: `${name}${index}`, id }));
    ids.push(writeLoose(path, { type: "tree", content: formatTree(entries) }));
  }
  return ids;
}

/** A pack of one blob of zeros, made without a file of that size. */
export function packZeros(sizeBytes: number): Buffer {
  return buildPack([buildPackEntry(blobType, sizeBytes, Buffer.alloc(sizeBytes))]);
}

/** A pack of a small blob and of a delta on it whose result says that it is of this size. */
export function packDelta(sizeBytes: number): Buffer {
  const base = buildPackEntry(blobType, 1, Buffer.from("x"));
  const delta = Buffer.from([1, ...encodeSize(sizeBytes), 0x90, 1]);
  const [header = 0, ...rest] = buildPackEntry(offsetDeltaType, delta.length, delta);
  // The base is as many bytes before as it is long itself.
  return buildPack([base, Buffer.from([header, base.length, ...rest])]);
}

const blobType = 3;
const offsetDeltaType = 6;

function buildPack(entries: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(12);
  header.write("PACK");
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(entries.length, 8);
  const body = Buffer.concat([header, ...entries]);
  return Buffer.concat([body, createHash("sha1").update(body).digest()]);
}

function buildPackEntry(type: number, sizeBytes: number, content: Uint8Array): Buffer {
  const first = (type << 4) | (sizeBytes & 15);
  const more = Math.floor(sizeBytes / 16);
  const header = more > 0 ? [first | 128, ...encodeSize(more)] : [first];
  return Buffer.concat([Buffer.from(header), deflateSync(content)]);
}

/** Seven bits per byte, the lowest first. */
function encodeSize(size: number): readonly number[] {
  const bytes = [size & 127];
  for (let rest = Math.floor(size / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push((bytes.pop() ?? 0) | 128, rest & 127);
  }
  return bytes;
}
