import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "vitest";
import { runReportSchema } from "../../src/core/run-report.ts";
import type { RunReport } from "../../src/core/run-report.ts";
import type { ScenarioInput } from "../support/model/scenario.ts";
import { openEngine } from "../support/engine.ts";
import { canaryKey, listLeftovers } from "../support/world.ts";
import type { CommandResult, World } from "../support/world.ts";

type Step = ScenarioInput["steps"][number];

/** A step in which the model has the agent run a shell command. */
export function bash(command: string): Step {
  return { content: [{ type: "tool_use", name: "Bash", input: { command, description: "As told" } }] };
}

export function say(text: string): Step {
  return { content: [{ type: "text", text }] };
}

/** A step in which the model has the agent write a file. */
export function write(file: string, content = "partial work\n"): Step {
  return { content: [{ type: "tool_use", name: "Write", input: { file_path: `{{cwd}}/${file}`, content } }] };
}

/** A shell command that lets the model know that it has come so far. */
export const callHome = `node -e 'fetch(process.env.ANTHROPIC_BASE_URL + "/v1/messages", { method: "POST", body: JSON.stringify({ model: "called home" }) })'`;

/** The report that is all of stdout. */
export function readReport(result: CommandResult): CommandResult & { readonly report: RunReport } {
  return { ...result, report: runReportSchema.parse(JSON.parse(result.stdout)) };
}

export const hang: Step = { hang: "headers", repeat: "forever" };

const schema = JSON.parse(readFileSync(new URL("../../dist/report.schema.json", import.meta.url), "utf8"));
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);

/** What holds after every ending that has a report. */
export async function expectTidy(world: World, { exitCode, report }: CommandResult & { readonly report: RunReport }) {
  const { runId } = report;
  validate(JSON.parse(JSON.stringify(report)));
  expect(validate.errors).toBeNull();
  expect(exitCode).toBe(report.exitCode);
  const directory = join(world.stateDirectory, "runs", runId);
  expect(JSON.parse(readFileSync(join(directory, "report.json"), "utf8"))).toEqual(report);
  expect(JSON.parse(readFileSync(join(directory, "run.json"), "utf8"))).toMatchObject({
    endedAt: report.endedAt,
    outcome: report.outcome,
  });
  expectEvents(world, report);
  expect(listLeftovers(world)).toEqual([]);
  expectRefs(world, report);
  expect(await listEngineLeftovers(runId)).toEqual([]);
  for (const file of ["events.ndjson", "agent.ndjson", "stderr.log", "egress.ndjson"]) {
    if (existsSync(join(directory, file))) expect(readFileSync(join(directory, file), "utf8")).not.toContain(canaryKey);
  }
}

function expectEvents(world: World, { runId, outcome }: RunReport): void {
  const events = world.readEvents(runId);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.filter(({ type }) => type === "complete")).toHaveLength(1);
  expect(events.at(-1)).toMatchObject({ type: "complete", data: { outcome } });
}

/** The branch of the report and nothing else, but the work that could not be published. */
function expectRefs(world: World, { runId, branch, outcome }: RunReport): void {
  const refs = world.repository.git("for-each-ref", "--format=%(refname)").split("\n");
  const kept = outcome === "unpublished" ? [`refs/agent-worker/${runId}`] : [];
  const published = branch === null ? [] : [`refs/heads/${branch.name}`];
  expect(refs).toEqual(expect.arrayContaining(["refs/heads/main", ...published, ...kept]));
  expect(refs.filter((ref) => ref.startsWith("refs/agent-worker/"))).toEqual(kept);
  if (branch === null) expect(refs.filter((ref) => ref.startsWith("refs/heads/agent/"))).toEqual([]);
}

/** Containers and networks of a run, running or not. */
export async function listEngineLeftovers(runId: string): Promise<readonly string[]> {
  await using engine = await openEngine();
  const filters = { label: [`agent-worker.run=${runId}`] };
  const [containers, networks] = await Promise.all([
    engine.docker.listContainers({ all: true, filters }),
    engine.docker.listNetworks({ filters }),
  ]);
  return [...containers.map(({ Id }) => `container ${Id}`), ...networks.map(({ Id }) => `network ${Id}`)];
}
