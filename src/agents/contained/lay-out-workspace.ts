import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerOrder } from "../../container/container-order.ts";
import { layOutRepository } from "../../git/lay-out-repository.ts";
import type { Repository } from "../../git/repository.ts";
import { objectsRoot } from "./prepare-objects.ts";
import type { ObjectSource } from "./prepare-objects.ts";

export interface WorkspaceFacts {
  readonly repository: Pick<Repository, "objectFormat">;
  /** Its name inside. */
  readonly branch: string;
}

/**
 * What the container's first program (docker/entry/start.sh) makes the work tree of: a git directory, `git`, that borrows the mounted
 * objects, and the name of the work tree, `fill`. To be laid out before the container starts.
 */
export function layOutWorkspace(
  {
    runDirectory,
    objects,
  }: { readonly runDirectory: string; readonly objects: Pick<ObjectSource, "count" | "shallow"> },
  order: ContainerOrder,
  { repository, branch }: WorkspaceFacts,
): void {
  const { name, email } = order.author;
  layOutRepository(join(runDirectory, "git"), {
    objectFormat: repository.objectFormat,
    core: ["filemode = true", "bare = false", "logallrefupdates = true"],
    sections: [`[user]\n\tname = ${quote(name)}\n\temail = ${quote(email)}`, "[gc]\n\tauto = 0"],
    head: { ref: `refs/heads/${branch}`, commit: order.base },
    borrowed: Array.from({ length: objects.count }, (_, index) => `${objectsRoot}/${index}`),
    shallow: objects.shallow,
  });
  const fill = join(runDirectory, fillFileName);
  writeFileSync(fill, `${order.directory}\n`);
  chmodSync(fill, 0o644);
}

/** Where it is missing, the work tree is left as it is. */
export const fillFileName = "fill";

/** As git's configuration has it. */
function quote(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", " ")}"`;
}
