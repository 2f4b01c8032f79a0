import { describe, expect, it } from "vitest";
import { ByteQueue } from "./byte-queue.js";

function queueOf(...chunks: number[][]): ByteQueue {
  const queue = new ByteQueue();
  for (const chunk of chunks) queue.push(Uint8Array.from(chunk));
  return queue;
}

describe("ByteQueue", () => {
  it("take() gives a run that spans chunks", () => {
    const queue = queueOf([1, 2], [3], [], [4, 5]);
    expect(queue.take(4)).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(queue.length).toBe(1);
    expect(queue.take(1)).toEqual(Uint8Array.of(5));
  });

  it("take() gives a view where the run stands in one chunk", () => {
    const chunk = Uint8Array.of(1, 2, 3);
    const queue = new ByteQueue();
    queue.push(chunk);
    expect(queue.take(2)?.buffer).toBe(chunk.buffer);
  });

  it("take() takes nothing while fewer are queued", () => {
    const queue = queueOf([1, 2]);
    expect(queue.take(3)).toBeUndefined();
    expect(queue.length).toBe(2);
    expect(queue.take(0)).toEqual(new Uint8Array(0));
  });

  it("takeUpTo() stops at the end of a chunk, peek() takes nothing", () => {
    const queue = queueOf([1, 2], [3]);
    expect(queue.peek(9)).toEqual(Uint8Array.of(1, 2));
    expect(queue.takeUpTo(9)).toEqual(Uint8Array.of(1, 2));
    expect(queue.takeUpTo(0)).toBeUndefined();
    expect(queue.takeUpTo(9)).toEqual(Uint8Array.of(3));
    expect(queue.takeUpTo(9)).toBeUndefined();
  });

  it("gives many small chunks back in order while more are pushed", () => {
    const queue = new ByteQueue();
    const out: number[] = [];
    for (let i = 0; i < 10_000; i++) {
      queue.push(Uint8Array.of(i & 0xff));
      if (i % 3 === 2) out.push(...(queue.take(2) as Uint8Array));
    }
    out.push(...(queue.take(queue.length) as Uint8Array));
    expect(out).toEqual(Array.from({ length: 10_000 }, (_, i) => i & 0xff));
  });
});
