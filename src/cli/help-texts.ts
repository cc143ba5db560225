import { optionList } from "../config/options.ts";

const variables = optionList
  .filter(({ flags, files, environment }) => flags.length === 0 && files !== "none" && environment.length > 0)
  .filter(({ group }) => group === "Model" || group === "Commits")
  .map(({ environment, description }) => `  ${environment.map(({ name }) => name).join(", ")}\n      ${description}`);

export const examples = `
Examples:
  agent-worker --task "Upgrade eslint to 9 and fix what breaks"
  agent-worker --task-file task.md --base main --branch agent/eslint-9 --timeout 1h
  agent-worker --execution-mode server --server-url https://agents.example.org --task "..."
  git diff | agent-worker --task-file - --output json > report.json
  agent-worker config        what is configured, and where it comes from
  agent-worker doctor        what is missing on this machine, and how to mend it
`;

export const environmentHelp = `
Environment:
${variables.join("\n")}
  Flags win over the environment, then .env, .agent-worker.yaml in the repository, the global file, defaults.
`;

export const exitCodes = `
Exit codes:
  0    succeeded, or nothing to change     4    unavailable: Docker, server, model, git, disk
  1    the task failed                     5    the work is kept, but the branch could not be moved
  2    the request is wrong                124  timed out
  3    a limit was reached                 130, 143  cancelled by SIGINT, SIGTERM

More: docs/configuration.md, docs/errors.md in the package.
`;

export const serveHelp = `
Environment:
  ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN
      the model's credential: it stays here, clients and containers never see it
  AGENT_WORKER_SERVER_KEYS=NAME:KEY,NAME:KEY
      who may use the server; without keys it serves loopback only

Example:
  AGENT_WORKER_SERVER_KEYS=ci:$(openssl rand -hex 24) agent-worker serve --warm 2

Stop it with SIGTERM: what runs may end (--drain-timeout), the rest is carried on by the next start.
More: docs/server.md, docs/operations.md in the package.
`;
