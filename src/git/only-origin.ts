import type { GitConfiguration } from "./git-environment.ts";

/** Nobody listens there. */
const nowhere = "http://127.0.0.1:1";

/**
 * Lets git speak with one origin only, over `proxyUrl` where there is one. In its answer to a fetch a server may name any other
 * address to take a pack from (`packfile-uris`): git goes there even if it never offered to, within this machine's network too, and
 * shows the headers that it was told to send. So `header` is for this origin alone, and everything else is sent to a proxy that is none.
 */
export function buildOnlyOrigin(
  url: string,
  { proxyUrl, header }: { readonly proxyUrl?: string | undefined; readonly header?: string | undefined } = {},
): GitConfiguration {
  const section = `http.${new URL(url).origin}/`;
  return [
    ["http.proxy", nowhere],
    [`${section}.proxy`, proxyUrl ?? ""],
    ...(header === undefined ? [] : [[`${section}.extraHeader`, header] as const]),
  ];
}
