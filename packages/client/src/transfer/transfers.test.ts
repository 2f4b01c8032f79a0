import { describe, expect, it } from "vitest";
import { Transfers } from "./transfers.js";

describe("Transfers", () => {
  it.each([1, 4, 64])("has 64 MiB of a file under way at the most, on %d connections", (connections) => {
    const transfers = new Transfers(() => Promise.reject(new Error("nobody is asked")), {
      connections,
      bytesPerSecond: Number.POSITIVE_INFINITY,
      replyTimeoutMs: 1000,
      digestTimeoutMs: 1000,
      plain: false,
    });
    for (let i = 0; i < 20; i++) transfers.pace.took(transfers.pace.bytes, 1);
    expect(transfers.pace.bytes * transfers.ranges).toBe(64 * 1024 * 1024);
  });
});
