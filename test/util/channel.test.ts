import { describe, expect, it } from "vitest";
import { createChannel } from "../../src/util/channel.ts";

async function takeAll<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const taken: T[] = [];
  for await (const value of values) taken.push(value);
  return taken;
}

/** Lets everything go on that does not wait for something outside. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a channel", () => {
  it("delivers what several producers pushed, each one's values in order", async () => {
    const channel = createChannel<string>(4);
    const produce = async (name: string): Promise<void> => {
      for (let index = 0; index < 100; index += 1) await channel.push(`${name}${index}`);
    };
    const produced = Promise.all([produce("a"), produce("b")]).then(() => channel.close());
    const taken = await takeAll(channel);
    await produced;
    expect(taken).toHaveLength(200);
    for (const name of ["a", "b"]) {
      const own = taken.filter((value) => value.startsWith(name));
      expect(own).toEqual(Array.from({ length: 100 }, (_, index) => `${name}${index}`));
    }
  });

  it("holds a producer that awaits back until the consumer has caught up", async () => {
    const channel = createChannel<number>(3);
    let pushed = 0;
    const produced = (async () => {
      for (; pushed < 1000; pushed += 1) await channel.push(pushed);
      channel.close();
    })();
    await settle();
    expect(pushed).toBeLessThan(3);
    expect(await takeAll(channel)).toHaveLength(1000);
    await produced;
  });

  it("delivers what was pushed before it was closed, and nothing pushed later", async () => {
    const channel = createChannel<number>();
    void channel.push(1);
    channel.close();
    void channel.push(2);
    expect(await takeAll(channel)).toEqual([1]);
  });

  it("lets waiting producers go when it is closed, though nobody takes their values", async () => {
    const channel = createChannel<number>(1);
    const waiting = channel.push(1);
    channel.close();
    expect(await waiting).toBeUndefined();
  });

  it("wakes a consumer that was there first", async () => {
    const channel = createChannel<number>();
    const taken = takeAll(channel);
    await settle();
    void channel.push(7);
    await settle();
    channel.close();
    expect(await taken).toEqual([7]);
  });
});
