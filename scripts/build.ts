import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { rolldown } from "rolldown";
import type { RolldownOptions, RolldownOutput } from "rolldown";
import configs from "../rolldown.config.ts";
import { embedZodTypes } from "./build/embed-zod-types.ts";
import { hashFiles } from "./build/hash-files.ts";
import { collectLicences } from "./build/collect-licences.ts";

const stampFile = ".cache/build-stamp";
const lastFile = "dist/THIRD-PARTY-LICENSES.txt";
const inputs = [
  "src",
  "docker/entry",
  "scripts/build",
  "scripts/build.ts",
  "scripts/absent-module.ts",
  "package.json",
  "package-lock.json",
  "rolldown.config.ts",
  "tsconfig.json",
  "tsconfig.build.json",
];

/**
 * Fills dist/: the bundles, the types, the report's JSON Schema, the licences of what is bundled. Changed files decide,
 * with `--if-changed`, whether there is anything to do.
 */
async function build(): Promise<void> {
  const stamp = hashFiles(inputs);
  if (process.argv.includes("--if-changed") && readStamp() === stamp) return;
  process.stderr.write("build: dist/\n");
  // In turn: the first one empties dist/.
  const output: RolldownOutput[] = [];
  for (const config of configs) output.push(await bundle(config));
  for (const name of ["start.sh", "launch.sh"]) copyFileSync(`docker/entry/${name}`, `dist/entry/${name}`);
  execFileSync("tsc", ["--project", "tsconfig.build.json"], { stdio: ["ignore", 2, 2] });
  embedZodTypes("dist/types");
  const { buildReportSchema } = await import("../src/report/report-schema.ts");
  writeFileSync("dist/report.schema.json", `${JSON.stringify(buildReportSchema(), null, 2)}\n`);
  writeFileSync(lastFile, collectLicences(listPackages(output)));
  // Last, so that a build cut short is not taken for one that is done.
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
}

function readStamp(): string | undefined {
  return existsSync(stampFile) && existsSync(lastFile) ? readFileSync(stampFile, "utf8") : undefined;
}

async function bundle(config: RolldownOptions): Promise<RolldownOutput> {
  const { output, ...input } = config;
  if (output === undefined || Array.isArray(output)) throw new Error("rolldown.config.ts must name one output each");
  await using bundler = await rolldown(input);
  return await bundler.write(output);
}

/** The directories of the packages that ended up in the bundles. */
function listPackages(outputs: readonly RolldownOutput[]): readonly string[] {
  const parts = outputs.flatMap(({ output }) => output);
  const modules = parts.flatMap((part) => (part.type === "chunk" ? part.moduleIds : []));
  const files = modules.filter((id) => id.includes("/node_modules/") && !id.startsWith("\0"));
  return [...new Set(files.map((file) => findPackage(dirname(file))))].toSorted();
}

/** The nearest directory upwards whose package.json has a name: some packages have nameless ones further down. */
function findPackage(directory: string): string {
  const file = `${directory}/package.json`;
  if (existsSync(file) && "name" in JSON.parse(readFileSync(file, "utf8"))) return directory;
  return findPackage(dirname(directory));
}

await build();
