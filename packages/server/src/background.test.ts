import { Worker } from "node:worker_threads";
import { describe, expect, onTestFinished, test } from "vitest";
import { Background } from "./background.js";

/** A worker that doubles numbers, fails at strings, and ends at null. */
const program = `
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", (calls) => {
    if (calls.some(([, call]) => call === null)) process.exit(1);
    const outcomes = calls.map(([, call]) =>
      typeof call === "number" ? { result: call * 2 } : { error: { message: "no number", code: "EINVAL" } });
    parentPort.postMessage({ ids: calls.map(([id]) => id), outcomes });
  });
`;

function doubling(source: string = program): {
  background: Background<unknown, number>;
  started: () => number;
} {
  let started = 0;
  const background = new Background<unknown, number>(() => {
    started += 1;
    return new Worker(source, { eval: true, execArgv: [] });
  });
  onTestFinished(() => background.close());
  return { background, started: () => started };
}

describe("Background", () => {
  test("gives each call its result, in one worker that is started when it is needed", async () => {
    const { background, started } = doubling();
    expect(started()).toBe(0);
    const calls = Array.from({ length: 1000 }, (_, i) => background.call(i));
    expect(await Promise.all(calls)).toEqual(calls.map((_, i) => i * 2));
    expect(await background.call(21)).toBe(42);
    expect(started()).toBe(1);
  });

  test("rejects with an error and its code, and goes on", async () => {
    const { background } = doubling();
    await expect(background.call("x")).rejects.toMatchObject({ message: "no number", code: "EINVAL" });
    expect(await background.call(1)).toBe(2);
  });

  test("rejects what waits when the worker ends, and starts another", async () => {
    const { background, started } = doubling();
    expect(await background.call(1)).toBe(2);
    await expect(background.call(null)).rejects.toThrow("The worker has ended");
    expect(await background.call(2)).toBe(4);
    expect(started()).toBe(2);
  });

  test("rejects what waits when it is closed, and can be used again", async () => {
    const { background, started } = doubling();
    const call = background.call(1);
    const rejected = expect(call).rejects.toThrow("The worker was ended");
    await background.close();
    await rejected;
    expect(await background.call(2)).toBe(4);
    expect(started()).toBeLessThanOrEqual(2);
  });

  test("does not try again where there is no worker to be had", async () => {
    const { background, started } = doubling("throw new Error('not here')");
    await expect(background.call(1)).rejects.toThrow("not here");
    await expect(background.call(1)).rejects.toThrow("not here");
    expect(started()).toBe(1);
  });
});
