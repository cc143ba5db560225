import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import type { Repository } from "./repository.ts";
import { runGit } from "./run-git.ts";

const maxSlugLength = 40;
const hashLength = 12;

/**
 * What a repository is called on a task server: a readable name and a hash of where it comes from (the URL of its first remote,
 * `origin` if there is one; else its common directory). All work trees and fresh clones of one project share it, so little is sent.
 */
export async function readRepositoryKey(repository: Repository, signal: AbortSignal): Promise<string> {
  const args = ["config", "--local", "--null", "--get-regexp", String.raw`^remote\..*\.url$`];
  const { stdout } = await runGit(repository, args, { signal, accept: [0, 1] });
  const remotes = stdout
    .toString("utf8")
    .split("\0")
    .filter((entry) => entry !== "")
    .map(parseEntry);
  const origin = remotes.find(({ name }) => name === "remote.origin.url") ?? remotes[0];
  const { commonDirectory } = repository;
  const own = basename(commonDirectory) === ".git" ? dirname(commonDirectory) : commonDirectory;
  return buildRepositoryKey(origin?.value ?? own);
}

export function buildRepositoryKey(source: string): string {
  // A user or a token in the URL is no part of the name.
  const plain = source.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, "$1").replace(/\/+$/, "");
  const last = plain.split(/[/:\\]/).at(-1) ?? "";
  const slug = last
    .replace(/\.git$/i, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, maxSlugLength)
    .replace(/-+$/, "");
  const hash = createHash("sha256")
    .update(plain.replace(/\.git$/i, ""))
    .digest("hex")
    .slice(0, hashLength);
  return `${slug === "" ? "repository" : slug}-${hash}`;
}

function parseEntry(entry: string): { readonly name: string; readonly value: string } {
  const at = entry.indexOf("\n");
  return { name: entry.slice(0, at), value: entry.slice(at + 1) };
}
