import type { Option } from "../src/config/option.ts";
import { optionList } from "../src/config/options.ts";

/** The table of docs/configuration.md, made from the table of options. `node scripts/options-table.ts` prints it. */
export function renderOptionsTable(): string {
  const rows = optionList.map(
    (option) =>
      `| \`${option.key}\` | ${renderFlags(option)} | ${renderVariables(option)} | ${renderFiles(option)} | ${renderDefault(option)} | ${renderMeaning(option)} |`,
  );
  return ["| key | flag | environment | files | default | meaning |", "|---|---|---|---|---|---|", ...rows].join("\n");
}

function renderFlags({ flags }: Option<unknown>): string {
  return flags.map(({ name, argument }) => `\`${[name, argument].filter(Boolean).join(" ")}\``).join(", ");
}

function renderVariables({ environment, envFile }: Option<unknown>): string {
  if (environment.length === 0) return "";
  const names = environment.map(({ name }) => `\`${name}\``).join(", ");
  return envFile ? names : `${names} (not in \`.env\`)`;
}

function renderFiles({ files, projectMayOnlyLower }: Option<unknown>): string {
  if (files === "none") return "";
  if (files === "global") return "global";
  return projectMayOnlyLower ? "global, project (to lower it)" : "global, project";
}

function renderDefault({ defaultText, defaultNote }: Option<unknown>): string {
  return defaultText === undefined ? escape(defaultNote ?? "") : `\`${defaultText}\``;
}

function renderMeaning({ description, choices, repeatable }: Option<unknown>): string {
  const values = choices.length === 0 ? "" : `: ${choices.map((choice) => `\`${choice}\``).join(", ")}`;
  return `${escape(description)}${values}${repeatable ? " (repeatable; a list in files)" : ""}`;
}

function escape(text: string): string {
  return text.replaceAll("|", String.raw`\|`).replaceAll("<", "&lt;");
}

if (import.meta.main) process.stdout.write(`${renderOptionsTable()}\n`);
