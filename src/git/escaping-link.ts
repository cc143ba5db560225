/**
 * Whether a symbolic link leaves the tree, or might. Judged by its text: ".." after a name leads up from wherever that
 * name leads, and it may be another link. `target` is undefined where the blob is too long to be one.
 */
export function isEscaping(path: string, target: string | undefined): boolean {
  if (target === undefined || /^([/\\]|[a-z]:)/i.test(target)) return true;
  // Windows takes both slashes.
  const parts = target.split(/[/\\]/).filter((part) => part !== "" && part !== ".");
  const firstName = parts.findIndex((part) => part !== "..");
  const names = firstName < 0 ? [] : parts.slice(firstName);
  const depth = path.split("/").length - 1;
  return parts.length - names.length > depth || names.some((part) => part === ".." || part.toLowerCase() === ".git");
}
