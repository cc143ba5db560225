import type { OwnImage } from "../container/image-list.ts";

export function formatImageName({ reference, id }: OwnImage): string {
  return reference ?? `untagged ${id.replace("sha256:", "").slice(0, 12)}`;
}

/** As the docker CLI counts: 1 MB is 1,000,000 bytes. */
export function formatImageSize({ sizeBytes }: OwnImage): string {
  return sizeBytes >= 1e9 ? `${(sizeBytes / 1e9).toFixed(2)}GB` : `${Math.round(sizeBytes / 1e6)}MB`;
}
