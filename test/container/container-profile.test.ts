import { expect, it } from "vitest";
import { buildContainerOptions } from "../../src/container/container-profile.ts";
import type { ContainerSpec } from "../../src/container/container-profile.ts";

const spec: ContainerSpec = {
  image: "sha256:abc",
  command: ["node", "main.mjs"],
  environment: { A: "b=c" },
  labels: { "agent-worker.run": "x" },
  mounts: [{ source: "/a", target: "/b" }],
  relabel: false,
  user: { uid: 1234, gid: 5678 },
  limits: { cpus: 1.5, memoryBytes: 2 ** 30, pids: 99 },
};

it("a container has no network, no capability, no way to gain any, and a root nobody can write", () => {
  const { NetworkDisabled, HostConfig, User, Env } = buildContainerOptions(spec);
  expect({ NetworkDisabled, User, Env }).toEqual({ NetworkDisabled: true, User: "1234:5678", Env: ["A=b=c"] });
  expect(HostConfig).toMatchObject({
    NetworkMode: "none",
    ReadonlyRootfs: true,
    CapDrop: ["ALL"],
    SecurityOpt: ["no-new-privileges"],
    Privileged: false,
    Init: true,
    PidsLimit: 99,
    CpuPeriod: 100_000,
    CpuQuota: 150_000,
  });
});

it("a container's memory is its memory and swap together", () => {
  const { HostConfig } = buildContainerOptions(spec);
  expect([HostConfig?.Memory, HostConfig?.MemorySwap]).toEqual([2 ** 30, 2 ** 30]);
});

it("every directory of the host is mounted read-only; only the volume and sized tmpfs can be written", () => {
  const { HostConfig } = buildContainerOptions(spec);
  const mounts = HostConfig?.Mounts ?? [];
  expect(mounts.filter(({ Type }) => Type === "bind")).toMatchObject([{ Source: "/a", Target: "/b", ReadOnly: true }]);
  expect(mounts.filter(({ ReadOnly }) => ReadOnly !== true)).toEqual([
    { Type: "volume", Source: "", Target: "/workspace" },
  ]);
  expect(HostConfig?.Binds).toBeUndefined();
  const tmpfs: Record<string, string> = HostConfig?.Tmpfs ?? {};
  expect(Object.keys(tmpfs)).toEqual(["/tmp", "/home/agent"]);
  for (const options of Object.values(tmpfs)) expect(options).toMatch(/nosuid,nodev,size=\d+/);
  expect(tmpfs["/home/agent"]).toContain("mode=0700,uid=1234,gid=5678");
});

it("what is mounted is relabelled where that is asked, and still read-only", () => {
  const { HostConfig } = buildContainerOptions({ ...spec, relabel: true });
  expect(HostConfig?.Binds).toEqual(["/a:/b:ro,z,rprivate"]);
  expect(HostConfig?.Mounts).toEqual([{ Type: "volume", Source: "", Target: "/workspace" }]);
});
