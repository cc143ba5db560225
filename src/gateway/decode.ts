import { pipeline } from "node:stream";
import type { Readable, Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { toPrintable } from "../util/printable.ts";
import type { ModelFailure } from "./model-failure.ts";
import type { UpstreamAnswer } from "./upstream.ts";

/** Some proxies compress although asked not to. */
const decoders: ReadonlyMap<string, () => Transform> = new Map([
  ["gzip", () => createGunzip()],
  ["x-gzip", () => createGunzip()],
  ["deflate", () => createInflate()],
  ["br", () => createBrotliDecompress()],
]);

/** The plain body: what cannot be read can be neither counted nor checked for the credential. */
export function decode({ headers, body }: UpstreamAnswer): Readable {
  const open = decoders.get(readEncoding(headers));
  // A failure destroys the decoder, and whoever reads it sees it there.
  return open === undefined ? body : pipeline(body, open(), () => {});
}

/** Why an answer cannot be handed on at all: a redirect, which is never followed, or an unknown encoding. */
export function toUnusable({ status, headers }: UpstreamAnswer, host: string): ModelFailure | null {
  const encoding = readEncoding(headers);
  if (status >= 300 && status < 400) {
    const to = readHost(headers.location);
    const message = `The model endpoint ${host} redirects${to === "" ? "" : ` to ${to}`} (${status})`;
    const hint = "Give ANTHROPIC_BASE_URL the final address: redirects are not followed.";
    return { code: "MODEL_UNREACHABLE", message, hint };
  }
  if (encoding === "identity" || decoders.has(encoding)) return null;
  const message = `The model endpoint ${host} answers in an encoding nobody asked for (${toPrintable(encoding.slice(0, 20))})`;
  return { code: "MODEL_UNREACHABLE", message, hint: "Turn compression off in the proxy before it." };
}

function readEncoding(headers: UpstreamAnswer["headers"]): string {
  const encoding = (headers["content-encoding"] ?? "").trim().toLowerCase();
  return encoding === "" ? "identity" : encoding;
}

function readHost(location: string | undefined): string {
  return location !== undefined && URL.canParse(location) ? new URL(location).host.slice(0, 255) : "";
}
