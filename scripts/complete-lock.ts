import { readFileSync, writeFileSync } from "node:fs";

interface LockEntry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  cpu?: string[];
  os?: string[];
  optionalDependencies?: Record<string, string>;
}

type Packages = Record<string, LockEntry>;

const systems = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const processors = ["arm64", "arm", "ia32", "loong64", "ppc64", "riscv64", "s390x", "x64", "wasm32"];

/**
 * Adds to the lock the platform packages (`@scope/binding-darwin-arm64`...) that npm left out because the registry
 * it asked did not have them, as mirrors made for one platform do. Without them `npm ci` refuses the lock on every
 * machine. Run it after `npm install` behind such a mirror (`npm run lock:complete`); elsewhere it adds nothing.
 */
function completeLock(packages: Packages): string[] {
  const added: string[] = [];
  for (const [parent, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const platform = parsePlatform(name);
      const isExact = /^\d/.test(version);
      if (platform === undefined || !isExact || findLocked(packages, parent, name)?.version === version) continue;
      const shared = `node_modules/${name}`;
      const key = shared in packages ? `${parent}/${shared}` : shared;
      packages[key] = { version, ...platform, ...(entry.dev === true ? { dev: true } : {}), optional: true };
      added.push(`${name}@${version}`);
    }
  }
  return added;
}

/** The platform that a package's name ends with; undefined for an optional package of another kind. */
function parsePlatform(name: string): Pick<LockEntry, "cpu" | "os"> | undefined {
  const words = name.split(/[/-]/);
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  if (cpu.length === 0) return undefined;
  return os.length === 0 ? { cpu } : { cpu, os };
}

/** The entry that Node would find for `name` from the package at `parent`: its own folder first, then upwards. */
function findLocked(packages: Packages, parent: string, name: string): LockEntry | undefined {
  const own = packages[`${parent}/node_modules/${name}`];
  if (own !== undefined) return own;
  const above = parent.lastIndexOf("/node_modules/");
  return above === -1 ? packages[`node_modules/${name}`] : findLocked(packages, parent.slice(0, above), name);
}

const file = new URL("../package-lock.json", import.meta.url);
const lock: { packages: Packages } = JSON.parse(readFileSync(file, "utf8"));
const added = completeLock(lock.packages);
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, "en")));
if (added.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
process.stderr.write(`package-lock.json: ${added.length} platform package(s) added\n`);
