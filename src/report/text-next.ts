import { buildKeptRef } from "../core/kept-ref.ts";
import type { RunReport } from "../core/run-report.ts";
import { quoteForShell } from "../util/printable.ts";

/** The commands a person wants next, to be copied: never cut or wrapped. */
export function buildNextCommands(report: RunReport, workingDirectory: string | undefined): string[] {
  const git = buildGit(report.repository.path, workingDirectory);
  const logs = `agent-worker runs logs ${quoteForShell(report.runId)}`;
  const base = report.repository.base.sha.slice(0, 10);
  const diff = (to: string): string => `${git} diff ${quoteForShell(`${base}..${to}`)}`;
  const { branch, outcome } = report;
  if (branch === null && report.stats.commits > 0) {
    const kept = buildKeptRef(report.runId);
    return [diff(kept), `${git} branch NEW-NAME ${quoteForShell(kept)}`];
  }
  if (outcome === "unavailable") return ["agent-worker doctor", logs];
  if (branch === null) return [logs];
  if (outcome === "succeeded") return [diff(branch.name), `${git} switch ${quoteForShell(branch.name)}`];
  return [logs, diff(branch.name)];
}

function buildGit(repository: string, workingDirectory: string | undefined): string {
  const here = workingDirectory === undefined || `${workingDirectory}/`.startsWith(`${repository}/`);
  return here ? "git" : `git -C ${quoteForShell(repository)}`;
}
