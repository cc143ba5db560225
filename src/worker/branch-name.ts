const maxSlugLength = 40;

/** `agent/<slug of task>-<last 6 of run id>`: readable, valid for git, and different for each run. */
export function buildBranchName(title: string, runId: string): string {
  const slug = title
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, maxSlugLength)
    .replace(/-+$/, "");
  return `agent/${slug === "" ? "task" : slug}-${runId.slice(-6).toLowerCase()}`;
}
