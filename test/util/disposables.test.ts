import { describe, expect, it } from "vitest";
import { openDisposables } from "../../src/util/disposables.ts";

function open(name: string, log: string[]): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      log.push(name);
      if (name === "broken") throw new Error("cannot be closed");
    },
  };
}

describe("openDisposables", () => {
  it("ends what it was given in reverse, once", async () => {
    const log: string[] = [];
    const things = openDisposables();
    things.use(open("first", log));
    things.use({ [Symbol.dispose]: () => void log.push("second") });
    await things[Symbol.asyncDispose]();
    await things[Symbol.asyncDispose]();
    expect(log).toEqual(["second", "first"]);
  });

  it("ends the others too where one cannot be ended, and says so", async () => {
    const log: string[] = [];
    const things = openDisposables([open("first", log), open("broken", log), open("last", log)]);
    await expect(things[Symbol.asyncDispose]()).rejects.toThrow("cannot be closed");
    expect(log).toEqual(["last", "broken", "first"]);
  });

  it("leaves nothing behind where its things have moved", async () => {
    const log: string[] = [];
    const things = openDisposables([open("moved", log)]);
    const moved = things.move();
    await things[Symbol.asyncDispose]();
    expect(log).toEqual([]);
    await moved[Symbol.asyncDispose]();
    expect(log).toEqual(["moved"]);
  });
});
