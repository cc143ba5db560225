import type { GitConfiguration } from "../../git/git-environment.ts";
import { harmlessFaults } from "../../git/harmless-faults.ts";

/**
 * What clients of a repository may do: create refs/inbox/* with sound objects, fetch refs/tasks/*. A hidden ref is neither shown nor may it
 * be changed; a later value of `hideRefs` wins. They stand in the configuration of every repository, for whoever runs git there, and in the
 * environment of the git that serves clients, for repositories that another version has made.
 */
export const serviceRules: GitConfiguration = [
  ["http.getanyfile", "false"],
  ["http.uploadpack", "true"],
  ["http.receivepack", "true"],
  ["uploadpack.hideRefs", "HEAD"],
  ["uploadpack.hideRefs", "refs"],
  ["uploadpack.hideRefs", "!refs/tasks"],
  ["receive.hideRefs", "refs"],
  ["receive.hideRefs", "!refs/inbox"],
  ["receive.denyDeletes", "true"],
  ["receive.denyNonFastForwards", "true"],
  ["receive.fsckObjects", "true"],
  // Old histories have faults that harm nobody; all others stay errors.
  ...harmlessFaults.map((id) => [`receive.fsck.${id}`, "ignore"] as const),
  ["receive.shallowUpdate", "true"],
  ["receive.autogc", "false"],
  ["receive.updateServerInfo", "false"],
  ["receive.advertisePushOptions", "false"],
];
