import { planTask } from "../worker/plan-task.ts";
import { buildImageRequest } from "../container/image-request.ts";
import { readImageTag } from "../container/image.ts";
import { formatDuration } from "../util/duration.ts";
import { toPrintable } from "../util/printable.ts";
import { formatSize } from "../util/size.ts";
import type { RunOrder } from "./commands/run.ts";
import type { CliContext } from "./context.ts";

/** `--dry-run`: the same checks as a run, then what would happen. Starts and writes nothing. */
export async function printPlan(order: Pick<RunOrder, "config" | "request">, context: CliContext): Promise<number> {
  const { config, request } = order;
  const { repository, branch } = await planTask(request, config.git, context.signal).plan;
  const { container, limits } = config;
  const plan: Plan = {
    task: request.task.title,
    repository: repository.path,
    base: branch.base.ref ?? branch.base.sha,
    baseSha: branch.base.sha,
    branch: branch.name,
    branchExists: branch.expected !== null,
    agent: config.agent,
    model: config.model ?? null,
    ...(config.executionMode === "server"
      ? { server: config.server.urls.join(" ") }
      : { image: await readReference(order, context), credential: config.credential?.kind ?? null }),
    timeout: formatDuration(limits.timeoutMs),
    maxTurns: limits.maxTurns ?? null,
    maxCostUsd: limits.maxCostUsd ?? null,
    ...(config.executionMode === "server"
      ? {}
      : { cpus: container.cpus, memory: formatSize(container.memoryBytes), pids: container.pids }),
  };
  context.stdout.write(config.output === "text" ? renderPlan(plan) : `${JSON.stringify(plan)}\n`);
  return 0;
}

async function readReference({ config }: Pick<RunOrder, "config">, { environment }: CliContext): Promise<string> {
  const image = buildImageRequest(config.container, environment);
  return image.reference ?? readImageTag(image).reference;
}

type Plan = Readonly<Record<string, string | number | boolean | null>>;

function renderPlan(plan: Plan): string {
  const rows = Object.entries(plan).map(([name, value]) => `  ${name.padEnd(12)} ${toPrintable(String(value ?? "-"))}`);
  return `Dry run: nothing was started or written.\n\n${rows.join("\n")}\n`;
}
