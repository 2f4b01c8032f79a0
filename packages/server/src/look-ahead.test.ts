import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { LookAhead } from "./look-ahead.js";

/** Numbers that come as soon as they are asked for; how many were. */
function numbers(): { receive: () => Promise<number>; received: () => number } {
  let count = 0;
  return { receive: async () => count++, received: () => count };
}

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await setImmediate();
}

describe("LookAhead", () => {
  test("gives what it received in order, and receives 64 ahead", async () => {
    const { receive, received } = numbers();
    const ahead = new LookAhead(receive, (item) => ({ item, bytes: 1 }));
    for (let i = 0; i < 200; i++) {
      expect(await ahead.next()).toBe(i);
      await turns();
      expect(ahead.ready).toBe(true);
      expect(received()).toBe(i + 65);
    }
  });

  test("receives nothing beyond what must be dealt with first", async () => {
    const { receive, received } = numbers();
    const ahead = new LookAhead(receive, (item) => (item % 3 === 2 ? undefined : { item, bytes: 1 }));
    for (let i = 0; i < 30; i++) {
      expect(await ahead.next()).toBe(i);
      await turns();
      expect(received()).toBe(Math.ceil((i + 1) / 3) * 3);
    }
  });

  test("holds no more than 2 MiB, beyond the one that exceeds it", async () => {
    const { receive, received } = numbers();
    const ahead = new LookAhead(receive, (item) => ({ item, bytes: 512 * 1024 }));
    await ahead.next();
    await turns();
    expect(received()).toBe(1 + 4);
    await ahead.next();
    await turns();
    expect(received()).toBe(1 + 5);
  });

  test("counts what is prepared by what it takes in the end", async () => {
    const { receive, received } = numbers();
    const held: (() => void)[] = [];
    const ahead = new LookAhead(receive, (item) => ({
      item,
      bytes: 1024 * 1024,
      prepared: new Promise((resolve) => held.push(() => resolve(1))),
    }));
    await ahead.next();
    await turns();
    expect(received()).toBe(3);
    for (const release of held.splice(0)) release();
    await turns();
    expect(received()).toBe(5);
    // One that was taken before it was prepared counts no more.
    await ahead.next();
    for (const release of held.splice(0)) release();
    await turns();
    expect(received()).toBe(7);
  });
});
