import { WorkerError } from "../core/worker-error.ts";
import { isDiskFull } from "../util/error-facts.ts";
import type { BuildOutput } from "./build-output.ts";
import { buildDiskFull } from "./engine-error.ts";

interface Failure {
  /** The engine's words. */
  readonly message: string;
  readonly output: BuildOutput;
  readonly baseImage: string;
  readonly cause?: unknown;
}

/** IMAGE_BUILD that names the failing step and shows the end of its output; DISK_FULL where that was the cause. */
export function toBuildError(failure: Failure): WorkerError {
  const { message, output, cause } = failure;
  const evidence = [...output.tail, message].join("\n");
  if (isDiskFull(evidence)) return buildDiskFull(message, cause);
  const exit = /returned a non-zero code: (\d+)/.exec(message)?.[1];
  const what = exit === undefined ? message.trim() : `it ended with exit code ${exit}`;
  const where = output.step === undefined ? "The image build failed" : `The image build failed at ${output.step}`;
  const tail = output.tail.length === 0 ? "" : `\n${output.tail.map((line) => `  ${line}`).join("\n")}`;
  return new WorkerError("IMAGE_BUILD", `${where}: ${what}${tail}`, { hint: advise(failure, evidence), cause });
}

const certificateTrouble =
  /certificate|x509|SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY)|unable to get (local )?issuer/i;
const networkTrouble =
  /EAI_AGAIN|ENOTFOUND|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|Temporary failure|Could not (resolve|connect)|Unable to connect|network is unreachable|network (request|connectivity)|Failed to fetch|failed to create endpoint/i;

function advise({ output, baseImage }: Failure, evidence: string): string {
  if (output.step !== undefined && /^Step \d+\/\d+ : FROM/.test(output.step)) {
    return `The base image ${baseImage} cannot be had. Try \`docker pull ${baseImage}\`, or name another one with --base-image REF (AGENT_WORKER_BASE_IMAGE).`;
  }
  if (certificateTrouble.test(evidence)) {
    return "A proxy seems to replace certificates: give its certificate authority with --ca-bundle FILE (AGENT_WORKER_CA_BUNDLE).";
  }
  if (networkTrouble.test(evidence)) {
    return "The build cannot reach the network. Try --build-network host (AGENT_WORKER_BUILD_NETWORK), or a base image that has everything already (docs/image.md).";
  }
  return "The output above tells why. `agent-worker image build` tries again; --base-image REF names another base image.";
}
