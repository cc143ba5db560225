import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { sendAll, startAwkwardServer } from "../../support/awkward-server.ts";
import type { Awkwardness, AwkwardTask } from "../../support/awkward-server.ts";
import { buildEvent, buildEvents, buildResource, finishEvents } from "../../support/server-events.ts";
import { openClientWorld } from "../../support/server-world.ts";
import type { RunChange } from "../../support/server-world.ts";

/** The run, and what it said: messages and warnings. */
async function follow(awkward: Awkwardness, change: RunChange = {}) {
  await using server = await startAwkwardServer(awkward);
  await using world = openClientWorld();
  const { report, events } = await world.run([server.url], change);
  const said = events.flatMap((event) => (event.type === "message" ? [event.data.text] : []));
  const warnings = report.warnings.map(({ code }) => code);
  return { report, events, said, warnings, requests: server.requests };
}

const words = ["one", "two", "three"];
const twenty = Array.from({ length: 20 }, (_, index) => `word ${index}`);
const many = (task: AwkwardTask): readonly string[] => buildEvents(task, twenty);

/** Other words on the first connections than the digest is of. */
const spoil = (connections: number): Awkwardness => ({
  socket(socket, { after, connection, events }) {
    const [first = "", ...rest] = events;
    sendAll(socket, {
      after,
      events: [connection <= connections ? first.replace('"text":"one"', '"text":"0ne"') : first, ...rest],
    });
  },
});

describe("a stream of events", () => {
  it("is told once and in order, whatever is doubled, missing or out of order", async () => {
    const { said, report, warnings } = await follow({
      events: many,
      socket(socket, { after, connection, events }) {
        const rest = events.slice(after);
        const [first = "", second = "", third = ""] = rest;
        if (connection % 3 === 1) for (const event of [first, first, third, second]) socket.send(event);
        else if (connection % 3 === 2)
          for (const event of [...events.slice(0, after + 3), ...events.slice(0, 2)]) socket.send(event);
        else return sendAll(socket, { after, events: events.slice(0, after + 4) });
        socket.close(1011);
      },
    });
    expect(said).toEqual(twenty);
    expect(report.outcome).toBe("succeeded");
    expect(warnings).toEqual([]);
  });

  it("passes on types that nobody knows, and ignores junk with one warning", async () => {
    const { events, warnings } = await follow({
      events: (task) => finishEvents(task, [buildEvent(task, 1, { type: "dream", data: { deep: true } })]),
      socket(socket, stream) {
        for (const junk of ["", "not json", "[]", "7", '{"seq":"x"}']) socket.send(junk);
        socket.send(Buffer.from([1, 2, 3]));
        sendAll(socket, stream);
      },
    });
    expect(events).toContainEqual(expect.objectContaining({ type: "dream", data: { deep: true } }));
    expect(warnings).toEqual(["SERVER_FRAME_IGNORED"]);
  });

  it("that ends cleanly before the task does is not its end", async () => {
    const { said, report } = await follow({
      socket: (socket, { after, events }) => sendAll(socket, { after, events: events.slice(0, after + 1) }),
    });
    expect(said).toEqual(words);
    expect(report.outcome).toBe("succeeded");
  });

  it("is not waited for once the state says that the task has ended", async () => {
    const { report, warnings, said } = await follow({
      events: (task) => buildEvents(task, words).slice(0, -1),
      resource: (task) => ({
        ...buildResource(task, "succeeded"),
        commit: task.commit,
        outcome: "succeeded",
        lastSeq: 4,
      }),
    });
    expect(said).toEqual(words);
    expect(report).toMatchObject({ outcome: "succeeded", stats: { commits: 1 } });
    expect(warnings).toEqual(["SERVER_EVENTS_INCOMPLETE"]);
  });

  it("of another log is told anew, with a warning", async () => {
    const { said, report, warnings } = await follow({
      socket(socket, { task, after, connection }) {
        if (connection === 1) socket.send(buildEvents(task, ["lost"])[0] ?? "");
        else for (const event of buildEvents(task, words, "two").slice(after)) socket.send(event);
        socket.close(connection === 1 ? 1011 : 1000);
      },
    });
    expect(said).toEqual(["lost", ...words]);
    expect(report.outcome).toBe("succeeded");
    expect(warnings).toEqual(["SERVER_EVENTS_RESTARTED"]);
  });

  it("is read again from the start where the server asks for it", async () => {
    const { said, warnings } = await follow({
      socket(socket, { task, after, connection, events }) {
        if (connection === 1) {
          socket.send(buildEvent(task, 1, { type: "message", data: { text: "old" } }));
          return socket.close(1011);
        }
        if (connection === 2) return socket.close(4410);
        sendAll(socket, { after, events });
      },
    });
    expect(said).toEqual(["old", ...words]);
    expect(warnings).toEqual(["SERVER_EVENTS_RESTARTED"]);
  });

  it("that does not match its digest is read again, once", async () => {
    const once = await follow(spoil(1));
    expect(once.report.outcome).toBe("succeeded");
    expect(once.said).toEqual(["0ne", "two", "three"]);
    expect(once.warnings).toEqual(["SERVER_EVENTS_REREAD"]);
    const always = await follow(spoil(1_000));
    expect(always.report).toMatchObject({ outcome: "unavailable", reason: { code: "SERVER_STREAM" }, branch: null });
    expect(always.report.reason?.hint).toContain(`agent-worker runs resume ${always.report.runId}`);
  });

  it("with a gap that never closes ends the run", async () => {
    const { report } = await follow({
      events: (task) =>
        buildEvents(task, words).with(1, buildEvent(task, 99, { type: "message", data: { text: "far" } })),
    });
    expect(report.reason?.code).toBe("SERVER_STREAM");
  });

  it("comes over HTTP where no WebSocket passes, and page by page where no stream does", async () => {
    const sse = await follow({ socket: null, events: many });
    expect([sse.said, sse.warnings, sse.report.outcome]).toEqual([twenty, [], "succeeded"]);
    expect(sse.requests.filter((request) => request.startsWith("WS"))).toHaveLength(2);
    const pages = await follow({ socket: null, sse: null, events: many });
    expect([pages.said, pages.warnings, pages.report.outcome]).toEqual([twenty, [], "succeeded"]);
  });

  it("is taken up over a WebSocket again when the server comes back", async () => {
    let isGone = true;
    const { said, report, requests } = await follow({
      socket(socket, { after, connection, events }) {
        isGone = connection < 6;
        if (connection === 1) socket.send(events[0] ?? "");
        if (isGone) socket.terminate();
        else sendAll(socket, { after, events });
      },
      intercept(request) {
        const isState = request.method === "GET" && /tasks\/\w+$/.test(request.url ?? "");
        if (isState && isGone) request.socket.destroy();
        return isState && isGone;
      },
    });
    expect([said, report.outcome]).toEqual([words, "succeeded"]);
    expect(requests.filter((request) => request.includes("/events"))).toEqual([]);
  });

  it("that has gone dead without a word is given up", async () => {
    const { report, said } = await follow(
      { socket: (socket) => socket.pause(), sse: () => undefined },
      { patience: { silenceMs: 50 } },
    );
    expect(said).toEqual(words);
    expect(report.outcome).toBe("succeeded");
  });

  it("with an event of 100 MB is not read to the end of it, and goes on behind it", async () => {
    const part = Buffer.alloc(64 * 1024, "x");
    const parts = 1_600;
    const taken: number[] = [];
    /** Writes as much as the client takes. */
    const pour = (response: ServerResponse): void => {
      const index = taken.push(0) - 1;
      const write = (): void => {
        while ((taken[index] ?? parts) < parts && !response.destroyed) {
          taken[index] = (taken[index] ?? 0) + 1;
          if (!response.write(part)) return void response.once("drain", write);
        }
        response.end();
      };
      write();
    };
    const { report, said, warnings } = await follow({
      socket(socket, { after, events }) {
        if (after > 1) return sendAll(socket, { after, events });
        sendAll(socket, { after, events: [...events.slice(0, 1), "x".repeat(2_000_000)] });
      },
      sse(response, { after, events }) {
        response.write("data: ");
        if (after === 1) pour(response);
        else response.end(`${events.slice(after).join("\n\ndata: ")}\n\n`);
      },
    });
    expect(report.outcome).toBe("succeeded");
    expect(said).toEqual(["one", "three"]);
    expect(warnings).toEqual(["SERVER_EVENT_DROPPED", "SERVER_EVENTS_UNVERIFIED"]);
    expect(taken.length).toBeGreaterThan(0);
    expect(Math.max(...taken)).toBeLessThan(parts / 2);
  });
});
