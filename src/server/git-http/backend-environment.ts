import { buildGitEnvironment } from "../../git/git-environment.ts";
import type { GitConfiguration, GitSettings } from "../../git/git-environment.ts";
import { harmlessFaults } from "../../git/harmless-faults.ts";

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

/** What clients may do: create inbox refs with sound objects, fetch the results of tasks. A later value of `hideRefs` wins. */
function buildConfiguration(pushBytes: number): GitConfiguration {
  return [
    ["http.getanyfile", "false"],
    ["http.uploadpack", "true"],
    ["http.receivepack", "true"],
    ["uploadpack.hideRefs", "HEAD"],
    ["uploadpack.hideRefs", "refs"],
    ["uploadpack.hideRefs", "!refs/tasks"],
    ["receive.hideRefs", "refs"],
    ["receive.hideRefs", "!refs/inbox"],
    ["receive.denyDeletes", "true"],
    ["receive.denyNonFastForwards", "true"],
    ["receive.fsckObjects", "true"],
    ...harmlessFaults.map((id) => [`receive.fsck.${id}`, "ignore"] as const),
    ["receive.shallowUpdate", "true"],
    ["receive.maxInputSize", String(pushBytes)],
    ["receive.autogc", "false"],
    ["receive.advertisePushOptions", "false"],
    ["pack.threads", "1"],
  ];
}
