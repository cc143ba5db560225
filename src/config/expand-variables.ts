import type { Parsed } from "./option.ts";
import type { Environment } from "./read-environment.ts";

const reference = /\$\$\{|\$\{([^}]*)\}?/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` (used where NAME is not set, or empty) in a value of a file; `$${` stands for
 * `${`. Without an environment a reference is a problem: a file that is not the user's own must not be able to copy
 * secrets into values that go elsewhere.
 */
export function expandVariables(text: string, environment: Environment | undefined): Parsed<string> {
  const problems: string[] = [];
  const value = text.replaceAll(reference, (whole: string, inside: string | undefined) => {
    if (inside === undefined) return "${";
    const [, name, fallback] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?$/.exec(inside) ?? [];
    if (name === undefined || !whole.endsWith("}")) {
      problems.push("only ${NAME} and ${NAME:-default} are understood; write $${ for a literal ${");
      return "";
    }
    if (environment === undefined) {
      problems.push(`\${${name}} is not replaced in a project file, unless the global file trusts the repository`);
      return "";
    }
    const found = environment[name];
    if (found !== undefined && found !== "") return found;
    if (fallback === undefined)
      problems.push(`\${${name}} is not set in the environment; set it, or write \${${name}:-default}`);
    return fallback ?? "";
  });
  const [problem] = problems;
  return problem === undefined ? { value } : { problem };
}
