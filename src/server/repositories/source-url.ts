import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { WorkerError } from "../../core/worker-error.ts";

/** A URL that the server may fetch, as far as can be said without asking the network. */
export interface SourceUrl {
  readonly href: string;
  readonly protocol: "https" | "ssh";
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
}

export interface SourceRules {
  readonly urlHosts: readonly string[];
  readonly allowPrivateAddresses?: boolean;
}

/** Throws REPOSITORY_REFUSED. A host of the list stands for every port; `host:port` for one. */
export function parseSourceUrl(text: string, rules: SourceRules): SourceUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const protocol = protocols.get(url?.protocol ?? "");
  if (url === undefined || protocol === undefined) throw refuse("Only https and ssh URLs are fetched.");
  refuseExtras(url);
  const host = url.hostname.toLowerCase().replace(/^\[|\]$/g, "");
  const port = url.port === "" ? { https: 443, ssh: 22 }[protocol] : Number(url.port);
  const allowed = new Set(rules.urlHosts.map((name) => name.toLowerCase()));
  if (!allowed.has(host) && !allowed.has(`${host}:${port}`)) throw refuse("This server does not fetch from that host.");
  if (isIP(host) !== 0) refusePrivate(host, rules);
  return { href: url.href, protocol, host, port };
}

const protocols: ReadonlyMap<string, SourceUrl["protocol"]> = new Map([
  ["https:", "https"],
  ["ssh:", "ssh"],
] as const);

function refuseExtras({ username, password, search, hash, hostname }: URL): void {
  if (`${username}${password}` !== "") throw refuse("The URL must not name a user or a password.");
  if (`${search}${hash}` !== "") throw refuse("The URL must not have a query or a fragment.");
  // What looks like an option would become one of ssh's.
  if (!/^[a-zA-Z0-9[]/.test(hostname)) throw refuse("The URL names no host.");
}

/** An address of the host that is neither this machine's nor its network's; all of them must be so. Throws REPOSITORY_REFUSED, GIT_FAILED. */
export async function resolveSource({ host }: SourceUrl, rules: SourceRules): Promise<string> {
  const found = await lookup(host, { all: true, verbatim: true }).catch((cause: unknown) => {
    throw new WorkerError("GIT_FAILED", `The host ${host} was not found.`, { hint: "Check the URL.", cause });
  });
  for (const { address } of found) refusePrivate(address, rules);
  const [first] = found;
  if (first === undefined) throw new WorkerError("GIT_FAILED", `The host ${host} has no address.`);
  return first.address;
}

function refusePrivate(address: string, { allowPrivateAddresses = false }: SourceRules): void {
  if (!allowPrivateAddresses && isPrivate(address)) throw refuse("That host is in a private network.");
}

/** Loopback, private, link-local (the metadata address too), shared, multicast, reserved, and IPv6 forms of them. */
const privateRanges = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const;

const privateList = buildPrivateList();

function buildPrivateList(): BlockList {
  const list = new BlockList();
  for (const [network, bits] of privateRanges) list.addSubnet(network, bits, "ipv4");
  return list;
}

function isPrivate(address: string): boolean {
  if (isIP(address) === 4) return privateList.check(address, "ipv4");
  // Of IPv6 only 2000::/3 is given out to the world, without 6to4, Teredo and documentation, which stand for other addresses or none.
  const global = new BlockList();
  global.addSubnet("2000::", 3, "ipv6");
  const special = new BlockList();
  for (const [network, bits] of specialRanges) special.addSubnet(network, bits, "ipv6");
  return !global.check(address, "ipv6") || special.check(address, "ipv6");
}

const specialRanges = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const;

function refuse(message: string): WorkerError {
  return new WorkerError("REPOSITORY_REFUSED", message);
}
