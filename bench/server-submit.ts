import { setTimeout as sleep } from "node:timers/promises";
import { makeDirectory, makeRepository } from "../test/support/repository.ts";
import { runRemoteGit } from "../test/support/remote-git.ts";
import { startTestProgram } from "../test/support/server-process.ts";
import { testKeys } from "../test/support/task-server.ts";
import { buildRow } from "./support/row.ts";
import type { Bench } from "./support/row.ts";

const queued = 1_000;
const perSecond = 100;
const seconds = 10;

/**
 * A hundred submissions a second to a server with a thousand tasks in its queue, over HTTP, each on the disk before it is
 * answered; from the moment that a submission is due until its answer is read.
 */
export const serverSubmit: Bench = {
  rows: ["server-submit-p50", "server-submit-p99"],
  async measure({ runs = 3 }) {
    const halves: number[] = [];
    const most: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const times = (await measureSubmissions()).toSorted((a, b) => a - b);
      halves.push(times[Math.floor(times.length * 0.5)] ?? Number.NaN);
      most.push(times[Math.floor(times.length * 0.99)] ?? Number.NaN);
    }
    return [
      buildRow("server-submit-p50", { unit: "ms", goal: null, ours: halves }),
      buildRow("server-submit-p99", { unit: "ms", goal: null, ours: most }),
    ];
  },
};

async function measureSubmissions(): Promise<readonly number[]> {
  using directory = makeDirectory("agent-worker-bench-");
  using repository = makeRepository();
  // One task that never comes to its end keeps the others in the queue.
  const options = { concurrency: 1, queueLimit: 10_000, messages: 1_000_000, pauseMs: 1_000 };
  await using server = await startTestProgram({ dataDirectory: directory.path, port: 0, ...options });
  const base = repository.git("rev-parse", "HEAD");
  const remote = `${server.url}/api/v1/repositories/app.git`;
  const { exitCode, stderr } = await runRemoteGit(repository.path, ["push", remote, `${base}:refs/inbox/${base}`]);
  if (exitCode !== 0) throw new Error(stderr);
  const send = () => submit(server.url, base);
  for (let count = 0; count < queued; count += 50) await Promise.all(Array.from({ length: 50 }, send));
  const sent: Promise<number>[] = [];
  const begin = performance.now();
  for (let count = 0; count < perSecond * seconds; count += 1) {
    const dueAt = begin + (count * 1_000) / perSecond;
    await sleep(Math.max(0, dueAt - performance.now()));
    sent.push(send().then(() => performance.now() - dueAt));
  }
  return await Promise.all(sent);
}

async function submit(url: string, base: string): Promise<void> {
  const answer = await fetch(`${url}/api/v1/tasks`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${testKeys.alice}`,
      "Content-Type": "application/json",
      "Idempotency-Key": crypto.randomUUID(),
    },
    body: JSON.stringify({ task: "Add a file", repository: { key: "app", base } }),
  });
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`${answer.status} ${text}`);
}
