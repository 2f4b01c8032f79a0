import { describe, expect, test } from "vitest";
import { bytes, refusal } from "../../test/pickles.js";
import {
  Decoder,
  decode,
  decodeAll,
  encode,
  encodeAll,
  PickleDecodeError,
  PickleDecoderStream,
  PickleEncoderStream,
  PyDict,
  type PyValue,
  StreamedBytes,
} from "./index.js";

const values: PyValue[] = [
  "spam",
  null,
  [1, 2.5],
  new PyDict([["clave", new Uint8Array(100_000).fill(7)]]),
  7,
];

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}

/** Cuts bytes into chunks of that length. */
function* cut(input: Uint8Array, length: number): Generator<Uint8Array> {
  for (let at = 0; at < input.length; at += length) yield input.slice(at, at + length);
}

const all = joined(values.map((value) => encode(value)));

describe.each([1, 1000, all.length])("pickles in chunks of %i bytes", (length) => {
  test("come out of a Decoder as they complete", () => {
    const decoder = new Decoder();
    const seen: PyValue[] = [];
    for (const chunk of cut(all, length)) {
      for (const event of decoder.push(chunk)) if (event.type === "value") seen.push(event.value);
    }
    decoder.end();
    expect(seen).toEqual(values);
  });

  test("come out of decodeAll()", async () => {
    const seen: PyValue[] = [];
    for await (const value of decodeAll(cut(all, length))) seen.push(value);
    expect(seen).toEqual(values);
  });

  test("come out of a PickleDecoderStream", async () => {
    const stream = new PickleDecoderStream();
    const writer = stream.writable.getWriter();
    const written = (async () => {
      for (const chunk of cut(all, length)) await writer.write(chunk);
      await writer.close();
    })();
    const seen: PyValue[] = [];
    const reader = stream.readable.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read())
      seen.push(next.value ?? null);
    await written;
    expect(seen).toEqual(values);
  });
});

describe("Decoder", () => {
  const large = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
  const pickle = encode(
    new PyDict<string, PyValue>([
      ["antes", 1],
      ["datos", large],
      ["nada", new Uint8Array(0)],
    ]),
  );

  test.each([1, 1000, pickle.length])("hands large bytes out as views on chunks of %i bytes", (length) => {
    const decoder = new Decoder({ streamBytesFrom: 1000 });
    const pieces: Uint8Array[] = [];
    let value: PyValue = null;
    for (const chunk of cut(pickle, length)) {
      for (const event of decoder.push(chunk)) {
        if (event.type === "value") value = event.value;
        else {
          expect(event.chunk.buffer).toBe(chunk.buffer);
          expect(event.of).toMatchObject({ length: large.length });
          pieces.push(event.chunk.slice());
        }
      }
    }
    decoder.end();
    expect(joined(pieces)).toEqual(large);
    const streamed = (value as PyDict).get("datos");
    expect(streamed).toBeInstanceOf(StreamedBytes);
    expect((value as PyDict).get("nada")).toEqual(new Uint8Array(0));
  });

  test("says that it failed, and goes on failing with the same error", () => {
    const decoder = new Decoder();
    expect(decoder.failed).toBe(false);
    const bad = Uint8Array.of(0x4e, 0xff);
    const error = refusal(() => decoder.push(bad));
    expect(error).toBeInstanceOf(PickleDecodeError);
    expect(decoder.failed).toBe(true);
    expect(refusal(() => decoder.push(encode(1)))).toBe(error);
    expect(refusal(() => decoder.end())).toBe(error);
  });

  test("hands out what was complete before an error in the same chunk", () => {
    const decoder = new Decoder();
    const chunk = Uint8Array.of(0x4b, 7, 0x2e, 0x4e, 0xff);
    expect(decoder.push(chunk)).toEqual([{ type: "value", value: 7 }]);
    expect(decoder.failed).toBe(true);
    expect(refusal(() => decoder.push(encode(1)))?.code).toBe("UNKNOWN_OPCODE");
  });

  test("refuses to end within a pickle, and may end between two", () => {
    const decoder = new Decoder();
    decoder.push(encode("uno"));
    decoder.end();
    decoder.push(encode("dos").subarray(0, 4));
    expect(refusal(() => decoder.end())?.code).toBe("TRUNCATED");
  });

  test("that runs within another one's class leaves that one's text alone", () => {
    const inner = encode(["eins", "zwei"]);
    const seen: PyValue[] = [];
    const create = (): object => {
      seen.push(decode(inner));
      return {};
    };
    const pickle = bytes("](\x8c\x03uno", "c__main__\nC\n)R", "\x8c\x03dos", "e.");
    const value = decode(pickle, { findClass: () => ({ create }) }) as PyValue[];
    expect([value[0], value[2]]).toEqual(["uno", "dos"]);
    expect(seen).toEqual([["eins", "zwei"]]);
  });
});

describe("encodeAll()", () => {
  test("gives chunks that make the pickles, large bytes as they are", async () => {
    const large = new Uint8Array(200_000);
    const chunks: Uint8Array[] = [];
    for await (const chunk of encodeAll([["a", large], "b"])) chunks.push(chunk);
    expect(chunks.some((chunk) => chunk === large)).toBe(true);
    expect(joined(chunks)).toEqual(joined([encode(["a", large]), encode("b")]));
  });

  test("is what a PickleEncoderStream writes", async () => {
    const stream = new PickleEncoderStream({ protocol: 5 });
    const writer = stream.writable.getWriter();
    const written = (async () => {
      for (const value of values) await writer.write(value);
      await writer.close();
    })();
    const chunks: Uint8Array[] = [];
    const reader = stream.readable.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (next.value) chunks.push(next.value);
    }
    await written;
    expect(joined(chunks)).toEqual(joined(values.map((value) => encode(value, { protocol: 5 }))));
  });
});
