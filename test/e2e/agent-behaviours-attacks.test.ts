import { afterAll, beforeAll, expect, test } from "vitest";
import { openImitation, working } from "../support/imitation.ts";
import type { Imitation, Played, Step } from "../support/imitation.ts";
import { expectUntouched } from "../support/imitation-world.ts";

// What the agent tries against its container, its host and the programs that watch it.

let imitation: Imitation;
beforeAll(async () => {
  imitation = await openImitation();
});
afterAll(() => imitation[Symbol.asyncDispose]());

const change: Step = { shell: "echo done > work.txt" };

/** Runs each program in bash and writes its exit code into `tried`, as `name: code`. */
function tryAll(programs: Readonly<Record<string, string>>): readonly Step[] {
  return Object.entries(programs).map(([name, program]) => ({
    shell: `( ${program} ) > /dev/null 2>&1; echo "${name}: $?" >> tried`,
  }));
}

function connect(host: string, port: number): string {
  return `timeout 5 node -e 'require("net").connect(${port}, "${host}").on("connect", () => process.exit(0)).on("error", () => process.exit(1))'`;
}

/** The names of what has worked. */
function listSuccesses(played: Played): readonly string[] {
  return played
    .show("tried")
    .split("\n")
    .filter((line) => line.endsWith(": 0"));
}

test("nothing of the network can be reached", async () => {
  await using played = await imitation.play(
    working(
      ...tryAll({
        control: "true",
        "address 4": connect("1.1.1.1", 443),
        "address 6": connect("2606:4700:4700::1111", 443),
        metadata: connect("169.254.169.254", 80),
        "docker bridge": connect("172.17.0.1", 22),
        name: `node -e 'require("dns").lookup("example.com", (error) => process.exit(error ? 1 : 0))'`,
        "name server": connect("8.8.8.8", 53),
        datagram: `timeout 5 node -e 's = require("dgram").createSocket("udp4"); s.send("x", 53, "8.8.8.8", (error) => process.exit(error ? 1 : 0))'`,
        engine: "test -e /var/run/docker.sock || test -e /run/docker.sock",
        interfaces: `test "$(ls /sys/class/net | tr '\\n' ' ')" != "lo "`,
        "raw socket": `grep -q 'CapEff:.*[1-9a-f]' /proc/self/status`,
      }),
    ),
  );
  expectUntouched(played);
  expect(played.show("tried").split("\n")).toHaveLength(11);
  expect(listSuccesses(played)).toEqual(["control: 0"]);
});

test("nothing outside of the work tree and the temporary directories can be written, mounted or gained", async () => {
  const mounts = "/opt/agent-worker";
  await using played = await imitation.play(
    working(
      { shell: `cp /bin/id ./suid && chmod 4755 ./suid && cp /bin/id /tmp/suid && chmod 4755 /tmp/suid` },
      ...tryAll({
        control: "touch /tmp/x && touch /home/agent/x && touch ./x && rm x",
        root: "touch /x",
        etc: "echo 'x::0:0::/:/bin/sh' >> /etc/passwd",
        usr: "touch /usr/local/bin/x",
        objects: `echo x > ${mounts}/objects/0/x || rm -rf ${mounts}/objects/0/??/*`,
        entry: `echo x >> ${mounts}/entry/main.cjs`,
        "run directory": `touch ${mounts}/run/x || rm -f ${mounts}/run/gateway.sock`,
        proc: "echo x > /proc/sys/kernel/hostname || echo 1 > /proc/sys/vm/overcommit_memory",
        "core pattern": "echo '|/tmp/x' > /proc/sys/kernel/core_pattern",
        sysrq: "echo b > /proc/sysrq-trigger",
        cgroup:
          "mkdir /sys/fs/cgroup/x || echo /tmp/x > /sys/fs/cgroup/release_agent || echo 0 > /sys/fs/cgroup/memory/cgroup.procs",
        device: "mknod ./disk b 8 0",
        memory: "head -c 1 /dev/mem || head -c 1 /proc/kcore",
        mount: "mount -t tmpfs none /mnt || mount -o remount,rw /",
        "user namespace": "unshare -Ur true || unshare -m true",
        "other namespace": "nsenter -t 1 -m true && nsenter -t 1 -n true",
        chroot: "chroot . /bin/true",
        su: "su -c true",
        sudo: "sudo -n true",
        "setuid file": `[ "$(./suid -u)" = 0 ] || [ "$(/tmp/suid -u)" = 0 ]`,
        chown: "chown 0:0 tried",
        "new privileges": "grep -q 'NoNewPrivs:.*0' /proc/self/status",
        seccomp: "grep -q 'Seccomp:.*0' /proc/self/status",
        environment: "env | grep -i -E 'canary|sk-ant'",
        "environment of others": "cat /proc/*/environ | tr '\\0' '\\n' | grep -i -E 'canary|sk-ant'",
        home: "ls /root/ /home/*/.ssh",
        "host processes": "[ $(ls -d /proc/[0-9]* | wc -l) -gt 20 ]",
      }),
    ),
  );
  expectUntouched(played);
  expect(listSuccesses(played)).toEqual(["control: 0"]);
});

test("the control channel belongs to the entry program alone: messages cannot be forged", async () => {
  await using played = await imitation.play(
    working(
      {
        node: `import { connect } from "node:net"; import { writeFileSync } from "node:fs";
const socket = connect("/opt/agent-worker/run/control.sock");
const forged = JSON.stringify({ type: "collected", head: "0".repeat(40), notes: [{ code: "FORGED", message: "x" }] });
socket.on("connect", () => socket.write(forged + "\\n"));
socket.on("error", (error) => { writeFileSync("answer", error.code + "\\n"); process.exit(0); });
socket.on("close", () => { writeFileSync("answer", "closed\\n"); process.exit(0); });
setTimeout(() => { writeFileSync("answer", "open\\n"); process.exit(0); }, 3000);`,
      },
      change,
    ),
  );
  expectUntouched(played);
  expect(played.report.outcome).toBe("succeeded");
  expect(played.show("answer")).toBe("ENOENT");
  expect(played.warnings).toEqual([]);
});

const entryProgram = "$(grep -al 'entry/[m]ain.cjs' /proc/[0-9]*/cmdline | cut -d / -f 3)";
const launcher = "$(awk '/^PPid/ { print $2 }' /proc/$PPID/status)";

test("an agent that kills what waits for its end loses no work", async () => {
  await using played = await imitation.play(working(change, { shell: `kill -9 ${launcher}; sleep 5` }));
  expectUntouched(played);
  expect(played.report).toMatchObject({
    outcome: "failed",
    reason: { code: "AGENT_KILLED" },
    branch: { name: "work" },
  });
  expect(played.show("work.txt")).toBe("done");
  expect(played.warnings).toEqual([]);
});

test("an agent that kills the entry program loses no work", async () => {
  const steps = working(change, { shell: `kill -9 ${entryProgram}` });
  await using played = await imitation.play(steps);
  expectUntouched(played);
  expect(played.report.branch?.name).toBe("work");
  expect(played.show("work.txt")).toBe("done");
  expect(played.warnings).toEqual(["CONTAINER_RESTARTED"]);
});

test("an agent that kills every process of its container loses no work", async () => {
  const steps = working(change, { shell: "kill -9 -1" });
  await using played = await imitation.play(steps);
  expect(played.warnings).toEqual(["CONTAINER_RESTARTED"]);
  expectUntouched(played);
  expect(played.show("work.txt")).toBe("done");
});

test("an agent that freezes the entry program is ended by the time limit, and its work is kept", async () => {
  const steps = working(change, { shell: `kill -STOP ${entryProgram}` }, { hang: true });
  await using played = await imitation.play(steps, { argv: ["--timeout", "3s"] });
  expectUntouched(played);
  expect(played.show("work.txt")).toBe("done");
  expect(played.warnings).toEqual(["CONTAINER_RESTARTED"]);
});

test("600 processes meet the limit, and the work is kept", async () => {
  await using played = await imitation.play(
    working(change, {
      node: `import { spawn } from "node:child_process"; import { writeFileSync } from "node:fs";
const started = Array.from({ length: 600 }, () => spawn("sleep", ["60"]).on("error", () => {})).filter(({ pid }) => pid);
writeFileSync("started", started.length + "\\n"); process.exit(0);`,
    }),
  );
  expectUntouched(played);
  expect(Number(played.show("started"))).toBeLessThan(512);
  expect(played.report.branch?.name).toBe("work");
  expect(played.show("work.txt")).toBe("done");
});

test("a fork bomb meets the limit, and the work is kept", async () => {
  await using played = await imitation.play(working(change, { shell: "b() { b | b & }; b; sleep 1" }), {
    argv: ["--pids", "100"],
  });
  expectUntouched(played);
  expect(played.show("work.txt")).toBe("done");
});

test("full temporary directories do not keep the work from being brought out", async () => {
  await using played = await imitation.play(
    working(change, {
      shell: "fallocate -l 2G /tmp/full; head -c 2G /dev/zero > /home/agent/full; rm -rf /tmp/x; df /tmp > df",
    }),
  );
  expectUntouched(played);
  expect(played.report.outcome).toBe("succeeded");
  expect(played.show("work.txt")).toBe("done");
});
