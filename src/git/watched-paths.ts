/** The paths that decide what runs elsewhere or steer tools, and what to say of a change there. docs/errors.md lists them. */
export const watchedPaths = [
  {
    code: "CHANGES_SUBMODULE",
    pattern: /^\.gitmodules$/i,
    text: "The submodules' configuration was changed",
  },
  {
    code: "CHANGES_WORKFLOWS",
    pattern: matchPaths(
      String.raw`^\.github/(workflows|actions)(/|$)`,
      String.raw`^\.(circleci|buildkite)(/|$)`,
      String.raw`^\.gitlab-ci\.ya?ml$`,
      String.raw`^(azure|bitbucket)-pipelines\.ya?ml$`,
      String.raw`(^|/)Jenkinsfile$`,
    ),
    text: "CI workflows were changed",
  },
  {
    code: "CHANGES_HOOKS",
    pattern: matchPaths(
      String.raw`^\.husky(/|$)`,
      String.raw`^\.pre-commit-config\.ya?ml$`,
      String.raw`^\.?lefthook(-local)?\.(ya?ml|toml|json)$`,
    ),
    text: "Git hooks were changed",
  },
  {
    code: "CHANGES_AGENT_CONFIG",
    pattern: matchPaths(
      String.raw`(^|/)\.(claude|codex|cursor|gemini)(/|$)`,
      String.raw`(^|/)(CLAUDE|CLAUDE\.local|AGENTS|GEMINI)\.md$`,
      String.raw`(^|/)\.(mcp\.json|cursorrules)$`,
      String.raw`^\.github/copilot-instructions\.md$`,
      String.raw`(^|/)\.(vscode|devcontainer)(/|$)|(^|/)\.devcontainer\.json$`,
      String.raw`(^|/)\.agent-worker\.ya?ml$`,
      // Examples are read by people only.
      String.raw`(^|/)\.env(rc|\.(?!example$|sample$|template$).*)?$`,
    ),
    text: "The configuration of coding agents, editors or tools was changed",
  },
] as const;

/** Case does not count: on macOS and Windows it makes no other file. */
function matchPaths(...sources: readonly string[]): RegExp {
  return new RegExp(sources.join("|"), "i");
}
