import { isDeepStrictEqual } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { dataModel } from "../../test/data-model.js";
import { bytes, protocols, refusal, u32 } from "../../test/pickles.js";
import { Random } from "../../test/random.js";
import { decode, encode, PyTuple, type PyValue } from "./index.js";
import type { DecoderOptions, DivertBytes } from "./machine.js";
import { Unpickler } from "./unpickler.js";

/** Feeds a decoder up to each of the offsets in turn; gives the diverted bytes. */
function feed(decoder: Unpickler, input: Uint8Array, cuts: readonly number[]): Uint8Array {
  const taken: Uint8Array[] = [];
  let at = 0;
  for (const end of cuts) {
    while (at < end && decoder.state !== "done") {
      if (decoder.state === "bytes") {
        const content = input.slice(at, Math.min(end, at + decoder.bytesLeft));
        taken.push(content);
        decoder.tookBytes(content.length);
        at += content.length;
      } else {
        // A chunk that is used again after it was pushed, as a socket's buffer may be.
        const chunk = input.slice(at, end);
        at += decoder.push(chunk);
        chunk.fill(0xff);
      }
    }
  }
  return bytes(...taken);
}

function everyByte(length: number): number[] {
  return Array.from({ length }, (_, i) => i + 1);
}

describe("Unpickler", () => {
  const random = new Random(11);
  const vectors = dataModel.flatMap(({ python, value }) => {
    const pickles = protocols.map((protocol) => encode(value, { protocol }));
    const short = pickles.filter((pickle) => pickle.length < 9000);
    return short.length > 0 ? [{ python, pickles: short }] : [];
  });
  const long = [
    "x".repeat(70_000),
    Array.from({ length: 20_000 }, (_, i) => i),
    new Uint8Array(70_000),
    "fin",
  ];

  function expectSame(pickle: Uint8Array, cuts: readonly number[]): void {
    const decoder = new Unpickler();
    feed(decoder, pickle, cuts);
    expect(decoder.state).toBe("done");
    expect(decoder.bytesRead).toBe(pickle.length);
    const whole = decode(pickle);
    if (!isDeepStrictEqual(decoder.value, whole)) expect(decoder.value).toEqual(whole);
  }

  test.each(vectors)("gives the same value for $python however it is cut", ({ pickles }) => {
    for (const pickle of pickles) {
      expectSame(pickle, everyByte(pickle.length));
      expectSame(pickle, random.cuts(pickle.length, 5));
      expectSame(pickle, random.cuts(pickle.length, 500));
    }
  });

  test.each(protocols)(
    "gives the same value for a pickle of many frames however it is cut, in protocol %d",
    (protocol) => {
      const pickle = encode(long, { protocol });
      expectSame(pickle, random.cuts(pickle.length, 20_000));
      expectSame(pickle, random.cuts(pickle.length, 300));
    },
  );

  test("consumes nothing after the pickle", () => {
    const pickle = encode(["uno"]);
    const decoder = new Unpickler();
    expect(decoder.push(bytes(pickle, "rest"))).toBe(pickle.length);
    expect(decoder.push(bytes("rest"))).toBe(0);
    expect(decoder.value).toEqual(["uno"]);
    expect(() => decoder.end()).not.toThrow();
  });

  test.each([
    { name: "with no input", input: "", offset: 0, opcode: undefined },
    { name: "between opcodes", input: "NN", offset: 2, opcode: undefined },
    { name: "in an argument", input: "NX\x09\0\0\0abc", offset: 1, opcode: "BINUNICODE" },
  ])("refuses to end $name", ({ input, offset, opcode }) => {
    const decoder = new Unpickler();
    feed(decoder, bytes(input), everyByte(input.length));
    expect(decoder.state).toBe("more");
    expect(refusal(() => decoder.end())).toMatchObject({ code: "TRUNCATED", offset, opcode });
  });

  test.each<{ pickle: Uint8Array; offset: number; opcode: string | undefined; options?: DecoderOptions }>([
    { pickle: bytes("NX\x02\0\0\0\xff\xff."), offset: 1, opcode: "BINUNICODE" },
    { pickle: bytes("N\x8c\x03abcI1x\n."), offset: 6, opcode: "INT" },
    { pickle: bytes("](NNu."), offset: 4, opcode: "SETITEMS" },
    { pickle: bytes("NN\xff"), offset: 2, opcode: undefined },
    { pickle: bytes("]cos\nsystem\n."), offset: 1, opcode: "GLOBAL" },
    {
      pickle: bytes("]\x8c\x03abca", "V", "x".repeat(99), "\n."),
      offset: 7,
      opcode: "UNICODE",
      options: { limits: { maxBytes: 50 } },
    },
    { pickle: bytes("N".repeat(9)), offset: 5, opcode: "NONE", options: { limits: { maxBytes: 5 } } },
    {
      pickle: bytes("NNX\x20\0\0\0", "x".repeat(32)),
      offset: 2,
      opcode: "BINUNICODE",
      options: { limits: { maxBytes: 20 } },
    },
  ])(
    "tells the same offset for $opcode at $offset however it is cut",
    ({ pickle, offset, opcode, options }) => {
      for (const cuts of [
        [pickle.length],
        everyByte(pickle.length),
        random.cuts(pickle.length, 6),
        [3, pickle.length],
      ]) {
        const refused = refusal(() => feed(new Unpickler(options), pickle, cuts));
        expect(refused).toMatchObject({ offset, opcode });
      }
    },
  );
});

describe("Unpickler that diverts bytes", () => {
  const large = new Random(5).bytes(70_000);
  const stand = { in: "for the large bytes" };
  const divert: DivertBytes = (length) => (length > 1000 ? stand : undefined);
  const random = new Random(12);

  test.each([3, 4, 5] as const)(
    "leaves them to the caller and goes on behind them, in protocol %d",
    (protocol) => {
      const value = ["antes", bytes("pequeños"), large, new PyTuple(["después", 7])];
      const pickle = encode(value, { protocol });
      const cutsOf = [
        [pickle.length],
        random.cuts(pickle.length, 9),
        random.cuts(pickle.length, 3000),
        everyByte(pickle.length),
      ];
      for (const cuts of cutsOf) {
        const decoder = new Unpickler({}, divert);
        const taken = feed(decoder, pickle, cuts);
        expect(Buffer.compare(taken, large)).toBe(0);
        expect(decoder.value).toEqual(value.map((item) => (item === large ? stand : item)));
        expect(decoder.bytesRead).toBe(pickle.length - large.length);
      }
    },
  );

  test("asks once for each bytes value, and shows what stands before it", () => {
    const pickle = bytes("(B\x03\0\0\0abcC\x02deVclave\n\x8e\x04\0\0\0\0\0\0\0fghit.");
    for (const cuts of [[pickle.length], everyByte(pickle.length), random.cuts(pickle.length, 4)]) {
      const asked: [number, number, PyValue | undefined][] = [];
      const decoder = new Unpickler({}, (length, { stack, sp }) => {
        asked.push([length, sp, stack[sp - 1]]);
        return undefined;
      });
      feed(decoder, pickle, cuts);
      expect(asked).toEqual([
        [3, 0, undefined],
        [2, 1, bytes("abc")],
        [4, 3, "clave"],
      ]);
      expect(decoder.value).toEqual(new PyTuple([bytes("abc"), bytes("de"), "clave", bytes("fghi")]));
    }
  });

  test("takes a value for bytes of no length at once", () => {
    const decoder = new Unpickler({}, () => stand);
    expect(decoder.push(bytes("C\0NI7\n\x87."))).toBe(8);
    expect(decoder.value).toEqual(new PyTuple([stand, null, 7]));
  });

  test("tells how many bytes are left, and refuses to end before they came", () => {
    const decoder = new Unpickler({}, () => stand);
    expect(decoder.push(bytes("NC\x05abcde."))).toBe(3);
    expect([decoder.state, decoder.bytesLeft]).toEqual(["bytes", 5]);
    decoder.tookBytes(2);
    expect([decoder.state, decoder.bytesLeft]).toEqual(["bytes", 3]);
    expect(decoder.push(bytes("cde."))).toBe(0);
    expect(refusal(() => decoder.end())).toMatchObject({ code: "TRUNCATED", offset: 5 });
    decoder.tookBytes(3);
    expect(decoder.push(bytes("."))).toBe(1);
    expect(decoder.state).toBe("done");
  });

  test("tells offsets with the diverted bytes counted", () => {
    const pickle = bytes("](B", u32(large.length), large, "B", u32(large.length), large, "NI1x\ne.");
    for (const cuts of [[pickle.length], random.cuts(pickle.length, 3000)]) {
      const refused = refusal(() => feed(new Unpickler({}, divert), pickle, cuts));
      expect(refused).toMatchObject({ code: "BAD_ARGUMENT", opcode: "INT", offset: pickle.length - 6 });
    }
    const decoder = new Unpickler({}, divert);
    const cut = pickle.length - 5;
    feed(decoder, pickle, [cut]);
    expect(refusal(() => decoder.end())).toMatchObject({
      code: "TRUNCATED",
      opcode: "INT",
      offset: pickle.length - 6,
    });
  });

  test("does not count the diverted bytes against maxBytes", () => {
    const pickle = encode([large]);
    const decoder = new Unpickler({ limits: { maxBytes: pickle.length - large.length } }, divert);
    feed(decoder, pickle, [pickle.length]);
    expect(decoder.value).toEqual([stand]);
  });
});

describe("Unpickler that is fed byte by byte", () => {
  // A chunk's bytes are copied with set() and searched with indexOf(): so these two see all of what is done again.
  const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;

  afterEach(() => vi.restoreAllMocks());

  test.each([
    { name: "a counted text", pickle: bytes("X", u32(20_000), "x".repeat(20_000), ".") },
    { name: "counted bytes", pickle: bytes("B", u32(20_000), "x".repeat(20_000), ".") },
    { name: "a line", pickle: bytes("V", "x".repeat(20_000), "\n.") },
    { name: "a line that no newline ends", pickle: bytes("S", "x".repeat(20_000)) },
    { name: "two lines", pickle: bytes("c", "x".repeat(10_000), "\n", "y".repeat(10_000)) },
    { name: "many short opcodes", pickle: bytes("](", "I1\nK\x02X\x01\0\0\0x".repeat(2000), "e.") },
  ])("copies and searches no byte of $name more than a few times", ({ pickle }) => {
    const set = vi.spyOn(typedArray, "set");
    const indexOf = vi.spyOn(typedArray, "indexOf");
    const decoder = new Unpickler();
    for (let at = 0; at < pickle.length; at++) decoder.push(pickle.subarray(at, at + 1));
    const copied = set.mock.calls.reduce((sum, [from]) => sum + from.length, 0);
    const searched = indexOf.mock.contexts.reduce((sum: number, context, i) => {
      const from = indexOf.mock.calls[i]?.[1] ?? 0;
      const found: unknown = indexOf.mock.results[i]?.value;
      return (
        sum - from + (typeof found === "number" && found >= 0 ? found + 1 : (context as Uint8Array).length)
      );
    }, 0);
    expect(copied).toBeGreaterThan(0);
    expect(copied).toBeLessThan(4 * pickle.length);
    expect(searched).toBeLessThan(4 * pickle.length);
  });

  test("keeps no more than came of what a length announces", () => {
    const decoder = new Unpickler();
    const before = process.memoryUsage().arrayBuffers;
    decoder.push(bytes("X", u32(2 ** 30 - 100)));
    decoder.push(new Uint8Array(1000));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000);
  });
});
