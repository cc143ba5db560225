import { describe, expect, it } from "vitest";
import { demuxOutput } from "../../src/container/demux-output.ts";
import { cutAtRandom } from "../support/cut-at-random.ts";

function frame(type: number, payload: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = type;
  header.writeUInt32BE(Buffer.byteLength(payload), 4);
  return Buffer.concat([header, Buffer.from(payload)]);
}

async function* toStream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function demux(chunks: readonly Uint8Array[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const taken: Record<"stdout" | "stderr", Uint8Array[]> = { stdout: [], stderr: [] };
  for await (const { stream, bytes } of demuxOutput(toStream(chunks))) taken[stream].push(bytes);
  return { stdout: Buffer.concat(taken.stdout).toString(), stderr: Buffer.concat(taken.stderr).toString() };
}

const out = "\u0002\0\0\0 looks like a header, ä, and the like\n".repeat(20);
const bytes = Buffer.concat([frame(1, out), frame(2, "an error\n"), frame(1, ""), frame(1, "x"), frame(2, out)]);

describe("a container's output", () => {
  it("is taken apart the same wherever it was cut", async () => {
    const whole = { stdout: `${out}x`, stderr: `an error\n${out}` };
    expect(await demux([bytes])).toEqual(whole);
    expect(await demux([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
    for (let seed = 1; seed <= 100; seed += 1) expect(await demux(cutAtRandom(bytes, seed))).toEqual(whole);
  });

  it("is given on as it comes, without waiting for a frame's end", async () => {
    const begun = frame(1, "x".repeat(1000)).subarray(0, 10);
    expect(await demux([begun])).toEqual({ stdout: "xx", stderr: "" });
  });

  it("that breaks off in a header ends there", async () => {
    expect(await demux([frame(1, "whole"), Buffer.from([1, 0, 0])])).toEqual({ stdout: "whole", stderr: "" });
  });

  it("is read no faster than it is taken", async () => {
    let given = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      for (; given < 100; given += 1) yield frame(1, "x");
    }
    const output = demuxOutput(source());
    await output.next();
    await output.next();
    expect(given).toBeLessThanOrEqual(2);
    await output.return(undefined);
  });
});
