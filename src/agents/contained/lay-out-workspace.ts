import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerOrder } from "../../container/container-order.ts";
import { formatLaunchScript, launchScriptName } from "../../container/launch-script.ts";
import type { Launch } from "../../container/launch-script.ts";
import { layOutRepository } from "../../git/lay-out-repository.ts";
import type { Repository } from "../../git/repository.ts";
import { objectsRoot } from "./prepare-objects.ts";
import type { ObjectSource } from "./prepare-objects.ts";

export interface WorkspaceFacts {
  readonly repository: Pick<Repository, "objectFormat">;
  /** Its name inside. */
  readonly branch: string;
  readonly launch: Omit<Launch, "directory">;
}

/**
 * What the container's first program (docker/entry/start.sh) makes the work tree of, `tree`: nothing yet but a git directory that borrows the
 * mounted objects. And what it starts there. To be laid out before the container starts.
 */
export function layOutWorkspace(
  {
    runDirectory,
    objects,
  }: { readonly runDirectory: string; readonly objects: Pick<ObjectSource, "count" | "shallow"> },
  order: ContainerOrder,
  { repository, branch, launch }: WorkspaceFacts,
): void {
  const { name, email } = order.author;
  const tree = join(runDirectory, "tree");
  mkdirSync(tree);
  chmodSync(tree, 0o755);
  layOutRepository(join(tree, ".git"), {
    objectFormat: repository.objectFormat,
    core: ["filemode = true", "bare = false", "logallrefupdates = true"],
    sections: [`[user]\n\tname = ${quote(name)}\n\temail = ${quote(email)}`, "[gc]\n\tauto = 0"],
    head: { ref: `refs/heads/${branch}`, commit: order.base },
    borrowed: Array.from({ length: objects.count }, (_, index) => `${objectsRoot}/${index}`),
    shallow: objects.shallow,
  });
  const script = join(runDirectory, launchScriptName);
  writeFileSync(script, formatLaunchScript({ directory: order.directory, ...launch }));
  chmodSync(script, 0o644);
}

/** As git's configuration has it. */
function quote(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", " ")}"`;
}
