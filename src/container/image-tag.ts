import { createHash } from "node:crypto";

/** Our images are `agent-worker:<hash>`, and only those are ever listed or removed. */
export const imageRepository = "agent-worker";

/** Carries the whole content hash; set by us on build. */
export const imageLabel = "agent-worker.image";

/** Carries the version of Claude Code inside; set by the Dockerfile. */
export const claudeCodeLabel = "agent-worker.claude-code";

/** Everything that decides what is in the image. Proxies and networks are ways to the same content: not in here. */
export interface ImageInputs {
  readonly dockerfile: Uint8Array;
  readonly baseImage: string;
  /** Certificates, PEM; empty for none. */
  readonly caBundle: Uint8Array;
  /** `linux/x64`, ... */
  readonly platform: string;
}

export interface ImageTag {
  /** SHA-256 over the inputs, hex. */
  readonly hash: string;
  /** `agent-worker:<first 16 of the hash>`. */
  readonly reference: string;
}

export function buildImageTag(inputs: ImageInputs): ImageTag {
  const hash = createHash("sha256");
  const parts = [inputs.dockerfile, inputs.baseImage, inputs.caBundle, inputs.platform];
  for (const part of parts) {
    // The length in front keeps neighbours apart: "ab" + "c" is not "a" + "bc".
    hash.update(`${Buffer.byteLength(part)}:`).update(part);
  }
  const digest = hash.digest("hex");
  return { hash: digest, reference: `${imageRepository}:${digest.slice(0, 16)}` };
}
