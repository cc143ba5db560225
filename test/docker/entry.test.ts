import { expect, test } from "vitest";
import { parseMessage } from "../../src/container/container-message.ts";
import { collectAll, openEntryContainer } from "../support/entry-container.ts";
import { openEngine, waitForExit } from "../support/engine.ts";
import type { EntryContainer } from "../support/entry-container.ts";
import { runTestGit } from "../support/repository.ts";

const noPrompt = new Uint8Array();
const environment = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/home/agent" };

/** Takes the pack in and returns a file of the commit that was announced. */
async function showCollected({ control, repository }: EntryContainer, head: string, file: string): Promise<string> {
  const chunks = await collectAll(control.pack());
  runTestGit(repository.path, ["index-pack", "--stdin", "--fix-thin", "--strict"], Buffer.concat(chunks));
  return repository.git("show", `${head}:${file}`);
}

function findHead(messages: readonly { readonly type: string }[]): string {
  const last = messages.at(-1);
  if (last === undefined || !("head" in last) || typeof last.head !== "string")
    throw new Error("nothing was collected");
  return last.head;
}

test.each(["sh", "bash"])(
  "under %s a run is told as ready, started, exited and collected, and its pack follows",
  async (shell) => {
    await using entry = await openEntryContainer({ shell });
    await entry.start(entry.order(["sh", "-c", "echo two > a.txt; exit 7"]), noPrompt);
    const messages = await entry.readMessages();
    expect(messages).toMatchObject([
      { type: "ready", selfTest: { modelEndpoint: true, reachable: [] } },
      { type: "started" },
      { type: "exited", code: 7, signal: null, error: null, outOfMemoryKills: 0 },
      { type: "collected", notes: [] },
    ]);
    const head = findHead(messages);
    expect(await showCollected(entry, head, "a.txt")).toBe("two");
    expect(entry.repository.git("log", "-1", "--format=%an|%ae|%cn|%B", head)).toBe(
      'An "author" \\ of|author@localhost|An "author" \\ of|Left over\n\nAgent-Worker-Run: X\n',
    );
    expect(entry.repository.git("rev-parse", `${head}~1`)).toBe(entry.base);
  },
);

test("an agent that ends before its prompt has come loses nothing", async () => {
  await using entry = await openEntryContainer();
  // So large that the pack is not there together with its announcement, and small enough to be sent without being read.
  await entry.begin(entry.order(["sh", "-c", "echo two > a.txt; head -c 120000 /dev/urandom > b"]));
  const head = findHead(await entry.readMessages());
  await entry.control.sendPrompt(new Uint8Array(8_000_000));
  expect(await showCollected(entry, head, "a.txt")).toBe("two");
});

test("the agent's program gets every byte of the prompt, its own environment, and the model on its loopback", async () => {
  await using entry = await openEntryContainer();
  const prompt = Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 7 + (index >> 8)) & 255);
  const script = `cat > prompt; env > env; git status --porcelain=v2 --branch > status; pwd > pwd; id -u > id
node -e 'fetch("http://127.0.0.1:" + process.env.PORT).then((r) => r.text()).then((t) => require("fs").writeFileSync("model", t))'`;
  await entry.start(entry.order(["sh", "-c", script]), prompt);
  const messages = await entry.readMessages();
  const head = findHead(messages);
  expect(await showCollected(entry, head, "pwd")).toBe("/workspace/project");
  const show = (file: string): string => entry.repository.git("show", `${head}:${file}`);
  expect(runTestGit(entry.repository.path, ["show", `${head}:prompt`]).equals(prompt)).toBe(true);
  expect(show("model")).toBe("here");
  expect(show("id")).toBe("1000");
  expect(
    show("env")
      .split("\n")
      .map((line) => line.split("=")[0]),
  ).toEqual(expect.not.arrayContaining(["AGENT_WORKER_CONTAINER", "HOSTNAME"]));
  expect(show("status")).toContain(`# branch.oid ${entry.base}\n# branch.head work`);
});

test("without a change the base itself is announced, and no pack", async () => {
  await using entry = await openEntryContainer();
  await entry.start(entry.order(["true"]), noPrompt);
  expect(findHead(await entry.readMessages())).toBe(entry.base);
  expect(await collectAll(entry.control.pack())).toEqual([]);
});

const conversation = "/home/agent/kept/talk.jsonl";

test("the conversation comes before the pack, byte for byte", async () => {
  await using entry = await openEntryContainer();
  const script = "mkdir ~/kept; head -c 3000000 /dev/zero | tr '\\0' x > ~/kept/talk.jsonl; echo two > a.txt";
  await entry.start(entry.order(["bash", "-c", script], { conversation, environment }), noPrompt);
  const messages = await entry.readMessages();
  expect(messages.at(-1)).toMatchObject({ conversationBytes: 3_000_000 });
  const talk = Buffer.concat(await collectAll(entry.control.conversation(3_000_000)));
  expect(talk.equals(Buffer.alloc(3_000_000, "x"))).toBe(true);
  expect(await showCollected(entry, findHead(messages), "a.txt")).toBe("two");
});

test.each([
  ["a link", "ln -s /etc/passwd ~/kept/talk.jsonl"],
  ["a pipe", "mkfifo ~/kept/talk.jsonl"],
  ["a directory", "mkdir ~/kept/talk.jsonl"],
  ["a file of more than 64 MiB", "truncate -s 67108865 ~/kept/talk.jsonl"],
  ["nothing", "true"],
])("%s in place of the conversation is not brought out", async (_, script) => {
  await using entry = await openEntryContainer();
  const command = ["bash", "-c", `mkdir ~/kept; ${script}`];
  await entry.start(entry.order(command, { conversation, environment }), noPrompt);
  expect((await entry.readMessages()).at(-1)).toMatchObject({ type: "collected", conversationBytes: 0 });
});

test("a conversation that is continued is there when the program starts", async () => {
  const continued = { file: conversation, omitted: "cost" };
  await using entry = await openEntryContainer({ conversation: "one\ncost 7\ntwo\n" });
  const script = "cp ~/kept/talk.jsonl seen; stat -c %a ~/kept/talk.jsonl > mode; echo three >> ~/kept/talk.jsonl";
  await entry.start(entry.order(["sh", "-c", script], { conversation, continued, environment }), noPrompt);
  const messages = await entry.readMessages();
  const talk = Buffer.concat(await collectAll(entry.control.conversation("one\ntwo\nthree\n".length)));
  expect(talk.toString()).toBe("one\ntwo\nthree\n");
  expect(await showCollected(entry, findHead(messages), "seen")).toBe("one\ntwo");
  expect(entry.repository.git("show", `${findHead(messages)}:mode`)).toBe("600");
});

test.each([
  ["not there", ["no-such-agent"], "no-such-agent cannot be executed (ENOENT)"],
  ["no program", ["/etc/passwd"], "/etc/passwd cannot be executed (EACCES)"],
])("a program that is %s is named", async (_, command, error) => {
  await using entry = await openEntryContainer();
  await entry.start(entry.order(command), noPrompt);
  expect(await entry.readMessages()).toContainEqual(expect.objectContaining({ type: "exited", code: null, error }));
});

test("no signal is ignored where the program starts", async () => {
  await using entry = await openEntryContainer();
  await entry.start(entry.order(["grep", "SigIgn", "/proc/self/status"]), noPrompt);
  await entry.readMessages();
  const output = await collectAll(entry.container.output);
  expect(Buffer.concat(output.map(({ bytes }) => bytes)).toString()).toBe(`SigIgn:\t${"0".repeat(16)}\n`);
});

test("a stop before the container is ready ends all of it, and what is there is collected", async () => {
  await using entry = await openEntryContainer();
  await entry.begin(entry.order(["sh", "-c", "trap '' TERM; cat; sleep 100"]));
  entry.control.stop(10_000);
  await entry.control.sendPrompt(noPrompt);
  expect((await entry.readMessages()).map(({ type }) => type)).toEqual(["ready", "collected"]);
});

test("a stop reaches the program and its children, first as TERM, then as KILL", async () => {
  await using entry = await openEntryContainer();
  const wait = "while :; do sleep 0.1; done";
  const child = `(trap 'echo child >> term' TERM; echo ready; ${wait}) &`;
  await entry.start(
    entry.order(["sh", "-c", `trap 'echo parent >> term' TERM; ${child} echo ready; ${wait}`]),
    noPrompt,
  );
  const source = entry.control.messages(parseMessage);
  const [ready, started] = [await source.next(), await source.next()];
  expect([ready.value?.type, started.value?.type]).toEqual(["ready", "started"]);
  let output = "";
  for await (const { bytes } of entry.container.output) {
    output += Buffer.from(bytes).toString();
    if (output === "ready\nready\n") break;
  }
  entry.control.stop(2_000);
  const messages = collectAll(source);
  expect(await messages).toContainEqual(expect.objectContaining({ type: "exited", code: null, signal: "SIGKILL" }));
  const term = await showCollected(entry, findHead(await messages), "term");
  expect(term.split("\n").toSorted((one, other) => one.localeCompare(other))).toEqual(["child", "parent"]);
});

test("a gateway that does not answer ends the run, and the program never gets its prompt", async () => {
  await using entry = await openEntryContainer({ hasGateway: false });
  await entry.start(entry.order(["sh", "-c", "cat"]), Buffer.from("the prompt"));
  expect(await entry.readMessages()).toMatchObject([
    { type: "ready", selfTest: { modelEndpoint: false } },
    { type: "broken", message: "the self-test failed" },
  ]);
  const output = await collectAll(entry.container.output);
  expect(Buffer.concat(output.map(({ bytes }) => bytes)).toString()).toBe("");
});

test("a work tree that cannot be made is told before the program is started", async () => {
  await using entry = await openEntryContainer();
  // No name of a file at all.
  await entry.start(entry.order(["sh", "-c", "echo started"], { directory: "x".repeat(300) }), noPrompt);
  expect(await entry.readMessages()).toMatchObject([
    { type: "broken", message: expect.stringContaining("File name too long") },
  ]);
  expect(await collectAll(entry.container.output)).toEqual([]);
});

test("a base that is not there is told as broken", async () => {
  await using entry = await openEntryContainer();
  await entry.start(entry.order(["true"], { base: "1".repeat(40) }), noPrompt);
  expect((await entry.readMessages()).at(-1)).toMatchObject({
    type: "broken",
    message: expect.stringContaining("fatal: "),
  });
});

test("the container ends by itself when its host is gone", async () => {
  await using entry = await openEntryContainer();
  await entry.start(entry.order(["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"]), noPrompt);
  for await (const message of entry.control.messages(parseMessage)) if (message.type === "started") break;
  await entry.control[Symbol.asyncDispose]();
  // Answers when the container has ended; with which code depends on how far it had come.
  await using engine = await openEngine();
  expect(await waitForExit(engine, entry.container.id)).toMatchObject({ outOfMemory: false });
});
