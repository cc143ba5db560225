import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openRealServer } from "../support/real-server.ts";
import type { RealServer } from "../support/real-server.ts";
import { createWorld } from "../support/world.ts";
import type { World } from "../support/world.ts";

const scenario = { steps: [{ content: [{ type: "text" as const, text: "I will remember." }] }] };

/** What the model was sent for a prompt: the texts of the conversation before it, and itself. */
function readConversation({ model }: World, prompt: string): string {
  const request = model.requests.findLast(({ mainLoop, body }) => mainLoop && JSON.stringify(body).includes(prompt));
  return JSON.stringify((request?.body as { readonly messages: unknown } | undefined)?.messages);
}

const listFiles = ({ dataDirectory }: RealServer): readonly string[] => {
  const directory = join(dataDirectory, "sessions/alice");
  return readdirSync(directory).map((name) => join(directory, name));
};

const submit = (server: RealServer, json: unknown, owner: "alice" | "bob" = "alice"): Promise<Response> =>
  server.request("/api/v1/tasks", { json, owner });

describe("a session", () => {
  it("goes on in another task, as often as is asked, and each task tells its own turns, tokens and cost", async () => {
    await using world = await createWorld({ scenario });
    await using server = await openRealServer(world);
    const base = await server.push();
    const first = await server.run(base, { task: "The word is plum." });
    const { session } = first;
    const second = await server.run(base, { task: "Which word was it?", session });
    expect(second).toMatchObject({ session, task: { session, state: "no_changes" } });
    const heard = readConversation(world, "Which word was it?");
    expect(heard).toContain("The word is plum.");
    expect(heard).toContain("I will remember.");
    await server.run(base, { task: "And once more?", session });
    expect(readConversation(world, "And once more?")).toContain("Which word was it?");
    const [before, after] = [first, second].map(({ events }) => events.at(-1)?.data["usage"]);
    expect(before).toMatchObject({ turns: 1, costUsd: expect.any(Number) });
    expect(after).toEqual(before);
    const answer = (await (await server.request("/api/v1/sessions")).json()) as { sessions: readonly unknown[] };
    const [file = ""] = listFiles(server);
    expect(answer.sessions).toEqual([
      expect.objectContaining({ id: session, agent: "claude", repository: "app", title: "The word is plum." }),
    ]);
    expect(answer.sessions).toEqual([expect.objectContaining({ sizeBytes: statSync(file).size })]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toContain("And once more?");
  });

  it("is unknown to another owner, on another repository, and when it was removed, with its file", async () => {
    await using world = await createWorld({ scenario });
    await using server = await openRealServer(world);
    const base = await server.push();
    await server.push("other");
    const { session } = await server.run(base);
    const here = { task: "Go on", session, repository: { key: "app", base } };
    const refusals = [
      await submit(server, here, "bob"),
      await submit(server, { ...here, repository: { key: "other", base } }),
      await submit(server, { ...here, session: "00000000-0000-4000-8000-000000000000" }),
    ];
    const path = `/api/v1/sessions/${session}`;
    expect((await server.request(path, { owner: "bob" })).status).toBe(404);
    expect((await server.request(path, { method: "DELETE" })).status).toBe(204);
    expect(listFiles(server)).toEqual([]);
    refusals.push(await submit(server, here));
    for (const refusal of refusals) {
      expect(refusal.status).toBe(422);
      expect(await refusal.json()).toMatchObject({ code: "SESSION_UNKNOWN", errors: [{ pointer: "/session" }] });
    }
  });

  it("that two tasks continue at once goes on in both from where it was; the later end is kept", async () => {
    await using world = await createWorld({ scenario });
    await using server = await openRealServer(world);
    const base = await server.push();
    const { session } = await server.run(base, { task: "The word is plum." });
    await Promise.all(["To the left?", "To the right?"].map((task) => server.run(base, { task, session })));
    for (const [prompt, other] of [
      ["To the left?", "To the right?"],
      ["To the right?", "To the left?"],
    ] as const) {
      const heard = readConversation(world, prompt);
      expect(heard).toContain("The word is plum.");
      expect(heard).not.toContain(other);
    }
    await server.run(base, { task: "Where are we?", session });
    const kept = readConversation(world, "Where are we?");
    expect(["To the left?", "To the right?"].filter((prompt) => kept.includes(prompt))).toHaveLength(1);
  });
});
