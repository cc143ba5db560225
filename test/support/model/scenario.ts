import { readFile } from "node:fs/promises";
import { z } from "zod";

const count = z.number().int().nonnegative();

const textSchema = z.strictObject({
  type: z.literal("text"),
  text: z.string(),
  /** The text, repeated: long answers without long files. */
  times: count.default(1),
});

const thinkingSchema = z.strictObject({ type: z.literal("thinking"), thinking: z.string() });

const toolUseSchema = z.strictObject({
  type: z.literal("tool_use"),
  name: z.string(),
  /** As the agent CLI's tool wants it; `{{cwd}}` in a string is the agent's working directory. */
  input: z.record(z.string(), z.json()),
});

export const contentSchema = z.discriminatedUnion("type", [textSchema, thinkingSchema, toolUseSchema]);
export type Content = z.infer<typeof contentSchema>;

export const tokensSchema = z.strictObject({
  input: count.default(1200),
  output: count.default(40),
  cacheRead: count.default(0),
  cacheWrite: count.default(0),
});

const errorSchema = z.strictObject({
  status: z.number().int().min(400).max(599),
  /** Defaults to the provider's type for the status. */
  type: z.string().optional(),
  message: z.string().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  /** Sent as an `error` event after the content, with status 200, as the provider does when it fails half way. */
  inStream: z.boolean().default(false),
});

export const stepSchema = z.strictObject({
  content: z.array(contentSchema).default([]),
  tokens: tokensSchema.prefault({}),
  stopReason: z.string().optional(),
  error: errorSchema.optional(),
  /** Wait before the headers. */
  delayMs: count.default(0),
  /** Wait between two deltas. */
  deltaDelayMs: count.default(0),
  /** Characters of one delta. */
  deltaChars: z.number().int().positive().default(40),
  /** Never answers ("headers"), or never ends after the first delta ("body"). */
  hang: z.enum(["headers", "body"]).optional(),
  /** Closes the connection after so many bytes of the body, or in the middle of the last delta. */
  cut: z.union([count, z.literal("in-delta")]).optional(),
  /** Closes the connection without an answer. */
  refuse: z.boolean().default(false),
  /** How often this step answers before the next one does. */
  repeat: z.union([z.number().int().positive(), z.literal("forever")]).default(1),
});
export type Step = z.infer<typeof stepSchema>;

export const scenarioSchema = z.strictObject({
  description: z.string().optional(),
  steps: z.array(stepSchema),
  /** What is said after the last step. */
  closing: z.string().default("Nothing is left to do."),
});
export type Scenario = z.infer<typeof scenarioSchema>;
/** A scenario as it is written: everything but `steps` may be left out. */
export type ScenarioInput = z.input<typeof scenarioSchema>;

/** Reads a scenario from a JSON or YAML file. */
export async function readScenario(file: string): Promise<Scenario> {
  const text = await readFile(file, "utf8");
  if (!/\.ya?ml$/.test(file)) return scenarioSchema.parse(JSON.parse(text));
  const { parse } = await import("yaml");
  return scenarioSchema.parse(parse(text));
}
