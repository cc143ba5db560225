import { readFileSync } from "node:fs";
import type { ContainerCreateOptions } from "dockerode";
import { parse } from "yaml";

/** The fields of a service of docker/compose.yaml that are read here. */
export interface Service {
  readonly image: string;
  readonly user: string;
  readonly group_add: readonly string[];
  readonly hostname: string;
  readonly init: boolean;
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly tmpfs: readonly string[];
  readonly ports: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly { readonly type: string; readonly source: string; readonly target: string }[];
  readonly secrets: readonly string[];
}

export interface Compose {
  readonly services: { readonly server: Service } & Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

/** docker/compose.yaml with its variables filled in as compose does it: `${NAME:-default}`, `${NAME:?message}`. */
export function readCompose(variables: Readonly<Record<string, string>>): Compose {
  const text = readFileSync(new URL("../../docker/compose.yaml", import.meta.url), "utf8");
  const code = text.replaceAll(/^\s*#.*$/gm, "");
  const filled = code.replaceAll(/\$\{[^}]*\}/g, (reference) => {
    const [, name = "", kind = "", rest = ""] = /^\$\{(\w+):([-?])(.*)\}$/.exec(reference) ?? [];
    const value = variables[name] ?? "";
    if (value === "" && kind !== "-") throw new Error(`${reference} is not filled in`);
    return value === "" ? rest : value;
  });
  return parse(filled);
}

/** What compose would ask the engine for, but for ports and networks. */
export function toContainerOptions({ services, secrets }: Compose): ContainerCreateOptions {
  const { server } = services;
  const files = server.secrets.map((name) => `${secrets[name]?.file}:/run/secrets/${name}:ro`);
  return {
    Image: server.image,
    User: server.user,
    Hostname: server.hostname,
    Env: Object.entries(server.environment).map(([name, value]) => `${name}=${value}`),
    HostConfig: {
      Init: server.init,
      ReadonlyRootfs: server.read_only,
      CapDrop: [...server.cap_drop],
      SecurityOpt: [...server.security_opt],
      GroupAdd: [...server.group_add],
      Tmpfs: Object.fromEntries(
        server.tmpfs.map((entry) => [entry.slice(0, entry.indexOf(":")), entry.slice(entry.indexOf(":") + 1)]),
      ),
      Binds: [...server.volumes.map(({ source, target }) => `${source}:${target}`), ...files],
    },
  };
}
