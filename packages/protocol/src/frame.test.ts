import { describe, expect, it } from "vitest";
import { FrameError } from "./errors.js";
import { encodeFrame, encodeFrameHeader, FrameDecoder, MAX_FRAME_BYTES } from "./frame.js";

const payloads = [[], [7], [1, 2, 3], Array.from({ length: 300 }, (_, i) => i & 0xff)].map((bytes) =>
  Uint8Array.from(bytes),
);
const stream = Uint8Array.from(payloads.flatMap((payload) => [...encodeFrame(payload)]));

function framesOf(chunks: Iterable<Uint8Array>): Uint8Array[] {
  const decoder = new FrameDecoder();
  const frames: Uint8Array[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let frame = decoder.next(); frame; frame = decoder.next()) frames.push(frame);
  }
  return frames;
}

function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

describe("encodeFrameHeader()", () => {
  it.each([
    { length: 0, header: [0, 0, 0, 0] },
    { length: 1, header: [0, 0, 0, 1] },
    { length: 0x01020304, header: [1, 2, 3, 4] },
    { length: MAX_FRAME_BYTES, header: [255, 255, 255, 255] },
  ])("writes $length big-endian", ({ length, header }) => {
    expect([...encodeFrameHeader(length)]).toEqual(header);
  });

  it("refuses a payload of 4 GiB", () => {
    expect(() => encodeFrameHeader(2 ** 32)).toThrow(FrameError);
  });
});

describe("FrameDecoder", () => {
  it.each([1, 2, 3, 4, 5, 7, 100, 1000])("yields the same frames from chunks of %i bytes", (size) => {
    expect(framesOf(cut(stream, size))).toEqual(payloads);
  });

  it("yields a frame cut at every offset", () => {
    for (let at = 0; at <= stream.length; at++) {
      expect(framesOf([stream.subarray(0, at), stream.subarray(at)])).toEqual(payloads);
    }
  });

  it("yields nothing of a frame that is not all there", () => {
    const frame = encodeFrame(Uint8Array.of(1, 2, 3));
    for (let at = 0; at < frame.length; at++) expect(framesOf([frame.subarray(0, at)])).toEqual([]);
  });

  it("gives a payload that arrived in one chunk as a view", () => {
    const frame = encodeFrame(Uint8Array.of(1, 2, 3));
    expect(framesOf([frame])[0]?.buffer).toBe(frame.buffer);
  });

  it("accepts a length at the limit and refuses one over, before any of it came", () => {
    const decoder = new FrameDecoder({ maxFrameBytes: 1000 });
    decoder.push(encodeFrameHeader(1000));
    expect(decoder.begin()).toBe(1000);
    const strict = new FrameDecoder({ maxFrameBytes: 999 });
    strict.push(encodeFrameHeader(1000));
    expect(() => strict.next()).toThrow(
      expect.objectContaining({ code: "FRAME_TOO_LONG", length: 1000, maxFrameBytes: 999 }),
    );
  });

  it("takes no bytes of a refused frame for another one", () => {
    const decoder = new FrameDecoder({ maxFrameBytes: 10 });
    decoder.push(encodeFrameHeader(1000));
    decoder.push(encodeFrame(Uint8Array.of(7)));
    for (let i = 0; i < 2; i++) expect(() => decoder.next()).toThrow(FrameError);
  });

  it.each([-1, Number.NaN, 2 ** 32])("refuses a maxFrameBytes of %s", (maxFrameBytes) => {
    expect(() => new FrameDecoder({ maxFrameBytes })).toThrow(RangeError);
  });

  it("holds memory for what came, not for what was announced", () => {
    const decoder = new FrameDecoder();
    decoder.push(encodeFrameHeader(MAX_FRAME_BYTES));
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 100; i++) {
      decoder.push(new Uint8Array(1000));
      expect(decoder.next()).toBeUndefined();
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * 1024 * 1024);
  });

  it("reads a payload in pieces as they arrive", () => {
    const decoder = new FrameDecoder();
    decoder.push(Uint8Array.of(0, 0, 0, 5, 1, 2));
    expect(decoder.begin()).toBe(5);
    expect(decoder.peek()).toEqual(Uint8Array.of(1, 2));
    expect(decoder.read(1)).toEqual(Uint8Array.of(1));
    expect(decoder.read()).toEqual(Uint8Array.of(2));
    expect(decoder.read()).toBeUndefined();
    decoder.push(Uint8Array.of(3, 4, 5, 0, 0, 0, 0));
    expect(decoder.left).toBe(3);
    expect(decoder.read()).toEqual(Uint8Array.of(3, 4, 5));
    expect(decoder.left).toBe(0);
    expect(decoder.next()).toEqual(new Uint8Array(0));
  });

  it("takes work that is linear in its input, whatever the chunks", () => {
    // Bytes copied are what could grow: each byte is moved a bounded number of times.
    const bytes = new Uint8Array(200_000);
    const frame = encodeFrame(bytes);
    const set = Uint8Array.prototype.set;
    let copied = 0;
    Uint8Array.prototype.set = function (source, offset) {
      copied += source.length;
      set.call(this, source, offset);
    };
    try {
      expect(framesOf(cut(frame, 1))).toEqual([bytes]);
    } finally {
      Uint8Array.prototype.set = set;
    }
    expect(copied).toBeLessThan(4 * frame.length);
  });
});
