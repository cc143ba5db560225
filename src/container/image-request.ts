import { findDockerDirectory } from "./package-directories.ts";
import type { ImageRequest } from "./image.ts";

/** The parts of a Config that decide about the image. */
interface ImageConfiguration {
  readonly image: string | undefined;
  readonly baseImage: string;
  readonly buildNetwork: string | undefined;
  readonly caBundle: string | undefined;
}

const proxyNames = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];

/** `environment` is where the build's proxies come from. */
export function buildImageRequest(
  { image, baseImage, buildNetwork, caBundle }: ImageConfiguration,
  environment: Readonly<Record<string, string | undefined>>,
): ImageRequest {
  return {
    reference: image,
    baseImage,
    buildNetwork,
    caBundle,
    dockerDirectory: findDockerDirectory(),
    proxies: readProxies(environment),
  };
}

/** Under both spellings: apt reads the small one, npm both. */
function readProxies(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const proxies: Record<string, string> = {};
  for (const name of proxyNames) {
    const value = environment[name] || environment[name.toLowerCase()];
    if (value !== undefined && value !== "") Object.assign(proxies, { [name]: value, [name.toLowerCase()]: value });
  }
  return proxies;
}
