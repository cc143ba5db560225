import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { optionList } from "../../src/config/options.ts";
import { readCompose } from "./compose.ts";

const docker = new URL("../../docker", import.meta.url).pathname;
const needed = { DOCKER_GID: "998", AGENT_WORKER_KEYS: "/etc/agent-worker/keys" };

describe("docker/compose.yaml", () => {
  it("asks for what nobody can guess: the socket's group and the keys", () => {
    expect(() => readCompose({ ...needed, DOCKER_GID: "" })).toThrow("DOCKER_GID");
    expect(() => readCompose({ ...needed, AGENT_WORKER_KEYS: "" })).toThrow("AGENT_WORKER_KEYS");
  });

  it.each(["/var/lib/agent-worker", "/srv/aw"])(
    "has the server's directory at the same path on both sides: %s",
    (home) => {
      const { server } = readCompose({ ...needed, AGENT_WORKER_HOME: home }).services;
      expect(server.environment["AGENT_WORKER_HOME"]).toBe(home);
      expect(server.volumes).toContainEqual({ type: "bind", source: home, target: home });
      expect(server.volumes).toHaveLength(2);
    },
  );

  it("gives the server no more than it needs, and is reached from this machine only", () => {
    const { services } = readCompose(needed);
    expect(services.server).toMatchObject({
      user: "1000:1000",
      group_add: ["998"],
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
    });
    for (const { ports, cap_drop: dropped } of Object.values(services)) {
      expect(ports.every((port) => port.startsWith("127.0.0.1:"))).toBe(true);
      expect(dropped).toEqual(["ALL"]);
    }
  });

  it("sets variables that agent-worker knows", () => {
    const known = new Set(optionList.flatMap(({ environment }) => environment.map(({ name }) => name)));
    // Read by docker/server/start.sh, which sets others from it.
    known.add("AGENT_WORKER_HOME");
    const { environment } = readCompose(needed).services.server;
    expect(Object.keys(environment).filter((name) => !known.has(name))).toEqual([]);
  });

  it("mounts files that are there", () => {
    const text = readFileSync(join(docker, "compose.yaml"), "utf8");
    const files = [...text.matchAll(/- \.\/(\S+?):/g)].map(([, file = ""]) => file);
    expect(files).toHaveLength(5);
    expect(files.filter((file) => !existsSync(join(docker, file)))).toEqual([]);
  });

  it("has an example with every variable that it must be given", () => {
    const example = readFileSync(join(docker, "server/example.env"), "utf8");
    const names = [...example.matchAll(/^#?([A-Z_]+)=/gm)].map(([, name = ""]) => name);
    for (const name of Object.keys(needed)) expect(names).toContain(name);
    const text = readFileSync(join(docker, "compose.yaml"), "utf8");
    const used = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name = ""]) => name));
    expect(names.filter((name) => !used.has(name))).toEqual(["COMPOSE_PROJECT_NAME"]);
  });

  it("keeps its variables, secrets among them, out of what is packed and of images", () => {
    const { files }: { files: string[] } = JSON.parse(readFileSync(join(docker, "../package.json"), "utf8"));
    expect(files.indexOf("!docker/.env")).toBeGreaterThan(files.indexOf("docker"));
    const ignored = readFileSync(join(docker, "../.dockerignore"), "utf8").trim().split("\n");
    expect(ignored.indexOf("docker/.env")).toBeGreaterThan(ignored.indexOf("!docker"));
  });
});
