import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readLiveness, readProcessIdentity } from "../../src/util/process-identity.ts";

describe("a process's identity", () => {
  const self = readProcessIdentity();

  it("says that this process is alive", () => {
    expect(self.pidStartTime).toMatch(/^\d+$/);
    expect(readLiveness(self)).toBe("alive");
  });

  it("says that a process that has ended is gone", async () => {
    const child = spawn("true");
    await once(child, "exit");
    expect(readLiveness({ ...self, pid: child.pid ?? 0 })).toBe("gone");
  });

  it("says that a process that has ended and that its parent never buries is gone", async () => {
    const parent = spawn("sh", ["-c", "sleep 0.1 & echo $!; exec sleep 600"]);
    const [said] = await once(parent.stdout, "data");
    const pid = Number(said);
    await expect.poll(() => readFileSync(`/proc/${pid}/stat`, "latin1")).toContain(") Z ");
    expect(readLiveness({ ...self, pid, pidStartTime: null })).toBe("gone");
    parent.kill("SIGKILL");
  });

  it("tells a later process with the same pid, and an earlier start of the system, apart", () => {
    expect(readLiveness({ ...self, pidStartTime: "1" })).toBe("gone");
    expect(readLiveness({ ...self, bootId: "another" })).toBe("gone");
  });

  it("believes the pid where the system tells no more", () => {
    expect(readLiveness({ ...self, pidStartTime: null, bootId: null })).toBe("alive");
  });

  it("cannot tell for another host", () => {
    expect(readLiveness({ ...self, host: "elsewhere.example" })).toBe("elsewhere");
  });

  it("finds the start time of a program with parentheses and spaces in its name", async () => {
    const source = `
      const { readProcessIdentity } = await import(process.argv[1] + "/src/util/process-identity.ts");
      const identity = readProcessIdentity();
      process.title = "a) R 1 (b";
      process.stdout.write(JSON.stringify(identity));
      setInterval(() => {}, 1000);
    `;
    const root = path.resolve(import.meta.dirname, "../..");
    const child = spawn(process.execPath, ["--input-type=module", "-e", source, root]);
    const [said] = await once(child.stdout, "data");
    const identity = { ...self, ...JSON.parse(String(said)) };
    expect(readFileSync(`/proc/${child.pid}/stat`, "latin1")).toContain("(a) R 1 (b)");
    expect(readLiveness(identity)).toBe("alive");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(readLiveness(identity)).toBe("gone");
  });
});
