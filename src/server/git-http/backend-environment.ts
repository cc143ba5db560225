import { buildGitEnvironment } from "../../git/git-environment.ts";
import type { GitConfiguration, GitSettings } from "../../git/git-environment.ts";
import { serviceRules } from "../repositories/service-rules.ts";

export type GitService = "git-upload-pack" | "git-receive-pack";

export interface BackendRequest {
  /** The bare repository. */
  readonly directory: string;
  readonly service: GitService;
  readonly method: "GET" | "POST";
  /** The `Git-Protocol` header, as it was sent. */
  readonly protocol: string | undefined;
  readonly pushBytes: number;
}

/**
 * The whole environment of a git that serves a client, by RFC 3875. Nothing of it but the protocol's version is the client's word:
 * no path, no query, no header.
 */
export function buildBackendEnvironment(settings: GitSettings, request: BackendRequest): Record<string, string> {
  const { directory, service, method, protocol, pushBytes } = request;
  const isAdvertisement = method === "GET";
  const version = service === "git-upload-pack" && /^version=[012]$/.test(protocol ?? "") ? protocol : undefined;
  return {
    ...buildGitEnvironment(settings, buildConfiguration(pushBytes)),
    GIT_PROJECT_ROOT: directory,
    GIT_HTTP_EXPORT_ALL: "1",
    REQUEST_METHOD: method,
    PATH_INFO: isAdvertisement ? "/info/refs" : `/${service}`,
    QUERY_STRING: isAdvertisement ? `service=${service}` : "",
    ...(isAdvertisement ? {} : { CONTENT_TYPE: `application/x-${service}-request` }),
    ...(version === undefined ? {} : { GIT_PROTOCOL: version }),
  };
}

function buildConfiguration(pushBytes: number): GitConfiguration {
  return [...serviceRules, ["receive.maxInputSize", String(pushBytes)], ["pack.threads", "1"]];
}
