import { createServerAgent } from "./agents/server/server-agent.ts";
import { defaultServerPatience } from "./agents/server/server-settings.ts";
import type { ServerSettings } from "./agents/server/server-settings.ts";
import { createAgent } from "./agents/table.ts";
import { readVersion } from "./cli/version.ts";
import type { ContainedSettings } from "./agents/contained/contained-settings.ts";
import { defaultPatience } from "./agents/contained/contained-settings.ts";
import type { Config } from "./config/config.ts";
import { buildEngineSettings } from "./container/engine-settings.ts";
import { findEntryDirectory } from "./container/package-directories.ts";
import { buildImageRequest } from "./container/image-request.ts";
import type { Runner } from "./core/runner.ts";
import { WorkerError } from "./core/worker-error.ts";
import { openStore } from "./store/store.ts";
import { createRedactor } from "./util/redact.ts";
import { planTask } from "./worker/plan-task.ts";
import type { RunnerParts } from "./worker/run-task.ts";

/** Builds the parts of a run and joins them. `environment` is where an image build's proxies come from. */
export function buildRunner(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
  special: Pick<ContainedSettings, "branchInside" | "warm"> = {},
): Runner {
  const agent =
    config.executionMode === "server"
      ? createServerAgent(config.agent, buildServerSettings(config))
      : createAgent(config.agent, { ...buildContainedSettings(config, environment), ...special });
  const parts = { ...buildCommonParts(config), agent };
  return async (request, options) => {
    // git looks at the repository while most of the program is loaded.
    const planning = planTask(request, parts.git, options.signal);
    const { createRunner } = await import("./worker/run-task.ts");
    return createRunner({ ...parts, planTask: () => planning })(request, options);
  };
}

/** What the parts of a run have in common, whoever does the work. */
export function buildCommonParts(config: Config): Omit<RunnerParts, "agent"> {
  const { authorName, authorEmail } = config.commit;
  const secrets = [config.credential?.value, config.server.apiKey].filter((value) => value !== undefined);
  const redactor = createRedactor(secrets);
  return {
    executionMode: config.executionMode,
    git: { ...config.git, identity: { name: authorName, email: authorEmail } },
    store: openStore(config.directories.state),
    runtimeParent: config.directories.runtime,
    redact: (text) => redactor.redactText(text),
  };
}

export function buildServerSettings({ server, container }: Config): ServerSettings {
  const { endpoints, apiKey } = server;
  const { caBundle } = container;
  return { endpoints, apiKey, caBundle, version: readVersion(), patience: defaultServerPatience };
}

/** Throws CREDENTIAL_MISSING. */
export function buildContainedSettings(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
): ContainedSettings {
  const image = buildImageRequest(config.container, environment);
  const { credential, container, commit } = config;
  if (credential === null) {
    throw new WorkerError("CREDENTIAL_MISSING", "There is no credential for the model.", {
      hint: "Set ANTHROPIC_API_KEY, or CLAUDE_CODE_OAUTH_TOKEN.",
    });
  }
  return {
    engine: buildEngineSettings(config),
    image,
    entryDirectory: findEntryDirectory(),
    limits: { cpus: container.cpus, memoryBytes: container.memoryBytes, pids: container.pids },
    upstream: { baseUrl: config.modelBaseUrl, credential, proxyUrl: config.proxyUrl, caBundle: container.caBundle },
    author: { name: commit.authorName, email: commit.authorEmail },
    patience: defaultPatience,
  };
}
