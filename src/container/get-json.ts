import type Dockerode from "dockerode";

/**
 * GETs a path of the engine's API. For what dockerode has a method for that takes no AbortSignal: without one, a call
 * to an engine that hangs could only be forgotten, not ended.
 * @throws what docker-modem throws: an Error with `statusCode` where the engine answered with one.
 */
export function getJson(docker: Dockerode, path: string, abortSignal: AbortSignal): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  docker.modem.dial({ path, method: "GET", abortSignal, statusCodes: { 200: true } }, (error, result) =>
    error === null ? resolve(result) : reject(error),
  );
  return promise;
}
