import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { openEngine } from "../support/engine.ts";
import { canaryKey, createWorld } from "../support/world.ts";
import { bash, expectTidy, hang, readReport, write } from "./tidy.ts";

/** The secret as it is and in the shapes it may take on its way. */
const shapes = [
  canaryKey,
  encodeURIComponent(canaryKey),
  Buffer.from(canaryKey).toString("hex"),
  ...[0, 1, 2].map((offset) => {
    const text = Buffer.from(`${"x".repeat(offset)}${canaryKey}`).toString("base64");
    return text.slice(offset === 0 ? 0 : 4, -4);
  }),
];

function expectClean(where: string, content: string | Buffer): void {
  const found = shapes.filter((shape) => content.includes(shape));
  expect([where, found]).toEqual([where, []]);
}

function listFiles(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((file) => statSync(file).isFile());
}

/** Processes come and go. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

// Prints, from inside, the environment and command line of every process that may be read there, then all files it may write.
const lookAround =
  "cat /proc/*/environ /proc/*/cmdline 2> /dev/null | tr '\\0' '\\n' > seen.txt; " +
  "cat $(find /home/agent /tmp /opt/agent-worker -type f 2> /dev/null | grep -v node_modules) >> seen.txt 2> /dev/null; wc -c seen.txt";

it("the credential is nowhere: not in the container, its image, the processes, the run's files, the report or the commits", async () => {
  await using world = await createWorld({ scenario: { steps: [bash(lookAround), write("a.txt"), hang] } });
  const running = world.start(["--task", "Write it", "--branch", "work", "--output", "json", "--verbose"]);
  while (world.model.requests.filter(({ mainLoop }) => mainLoop).length < 3) await sleep(20);

  await using engine = await openEngine();
  const [runId = ""] = readdirSync(join(world.stateDirectory, "runs"));
  const filters = { label: [`agent-worker.run=${runId}`] };
  const [found] = await engine.docker.listContainers({ all: true, filters });
  const container = engine.docker.getContainer(found?.Id ?? "");
  const details = await container.inspect();
  expectClean("docker inspect", JSON.stringify(details));
  expectClean("docker top", JSON.stringify(await container.top({ ps_args: "-eo pid,args" })));
  const image = engine.docker.getImage(details.Image);
  expectClean("image history", JSON.stringify(await image.history()));
  expectClean("image", JSON.stringify(await image.inspect()));
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    expectClean(`command line of ${pid}`, readIfThere(`/proc/${pid}/cmdline`));
  }
  for (const file of listFiles(world.runtimeDirectory)) expectClean(file, readFileSync(file));

  running.process.kill("SIGINT");
  const result = readReport(await running.ended);
  await expectTidy(world, result);
  expectClean("stdout", result.stdout);
  expectClean("stderr", result.stderr);
  for (const file of listFiles(world.stateDirectory)) expectClean(file, readFileSync(file));
  expect(world.repository.git("show", "work:seen.txt")).toContain("ANTHROPIC_BASE_URL=http://127.0.0.1:");
  expectClean("commits", world.repository.git("log", "-p", "--all"));
  expectClean("objects", world.repository.git("cat-file", "--batch-all-objects", "--batch"));
  expect(world.model.requests.some(({ headers }) => headers["x-api-key"] === canaryKey)).toBe(true);
});
