import type { ColorMode, Config } from "../../config/config.ts";
import type { FlagValues } from "../../config/read-flags.ts";
import { toWorkerError } from "../../core/worker-error.ts";
import type { Palette } from "../../report/palette.ts";
import { toPrintableLines } from "../../util/printable.ts";
import type { CommandOptions } from "../command-options.ts";
import type { CliContext } from "../context.ts";
import { checkRuntime, checkState } from "../doctor/check-directories.ts";
import { checkEngine } from "../doctor/check-engine.ts";
import { checkCredential, checkModel } from "../doctor/check-model.ts";
import { checkGit, checkNode } from "../doctor/check-programs.ts";
import { checkServers } from "../doctor/check-servers.ts";
import { fail, ok } from "../doctor/finding.ts";
import type { Finding } from "../doctor/finding.ts";
import { loadSettings } from "../load-settings.ts";
import { createPalette } from "../palette.ts";

/**
 * `doctor`: looks at everything a run needs and prints what is wrong with the command that mends it; starts and writes
 * nothing. A faulty configuration is a finding too. Exit code 0, or 4 where something fails.
 */
export async function doctorCommand(options: Pick<CommandOptions, "flags" | "json">, context: CliContext) {
  const { findings, color } = await examine(options.flags, context);
  const isWell = findings.every(({ status }) => status !== "fail");
  const { stdout, environment } = context;
  stdout.write(
    options.json
      ? `${JSON.stringify({ ok: isWell, checks: findings }, null, 2)}\n`
      : renderFindings(findings, createPalette({ color, stream: stdout, environment })),
  );
  return isWell ? 0 : 4;
}

async function examine(flags: FlagValues, context: CliContext): Promise<{ findings: Finding[]; color: ColorMode }> {
  const node = checkNode(process.versions.node);
  try {
    const { config } = await loadSettings(flags, context);
    // Whoever asks about a server by flag need not be able to run anything here.
    const isClient = config.executionMode === "server" || flags.has("--server-url");
    const findings = await Promise.all(listChecks({ config, isClient }, context));
    context.signal.throwIfAborted();
    return { findings: [node, ok("configuration", "valid"), ...findings.flat()], color: config.color };
  } catch (error) {
    context.signal.throwIfAborted();
    const { message, hint } = toWorkerError(error);
    return { findings: [node, fail("configuration", message, hint)], color: "auto" };
  }
}

/** All at once: the slowest decides how long a person waits. */
function listChecks(
  { config, isClient }: { readonly config: Config; readonly isClient: boolean },
  context: CliContext,
): readonly Promise<Finding | readonly Finding[]>[] {
  const { signal } = context;
  const common = [checkGit(config, signal), checkState(config)];
  const servers = isClient || config.server.urls.length > 0 ? [checkServers(config, signal)] : [];
  if (isClient) return [...common, ...servers];
  const credential = Promise.resolve(checkCredential(config));
  const own = [checkRuntime(config), checkEngine(config, context), credential, checkModel(config, signal)];
  return [...common, ...own, ...servers];
}

function renderFindings(findings: readonly Finding[], palette: Palette): string {
  const styles = { ok: palette.green, warn: palette.yellow, fail: palette.red };
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ name, status, text, remedy }) => {
    const indent = " ".repeat(6 + width + 2);
    const toBody = (words: string): string => toPrintableLines(words).replaceAll("\n", `\n${indent}`);
    const line = `${styles[status](status.padEnd(4))}  ${name.padEnd(width)}  ${toBody(text)}`;
    return remedy === null ? [line] : [line, `${indent}${palette.dim(`-> ${toBody(remedy)}`)}`];
  });
  return `${lines.join("\n")}\n`;
}
