// What holds of the codec for any value: properties, with values that fast-check makes up.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Description } from "../fuzz/describe.js";
import { Decoder, decode, encode, encodeParts, type PyValue } from "../src/pickle/index.js";
import { graph, tree } from "./arbitraries.js";
import { joined, protocols } from "./pickles.js";

const runs: fc.Parameters<unknown> = { seed: 1, numRuns: 400 };

const protocol = fc.constantFrom(...protocols);
const value = fc.oneof({ weight: 3, arbitrary: tree }, { weight: 2, arbitrary: graph });

/** Bytes that are a part of their own. */
const large = fc.integer({ min: 65_530, max: 65_540 }).map((length) => new Uint8Array(length).fill(7));

/** Types, values, order, and what is one and the same. */
function shown(decoded: PyValue): string {
  return new Description(decoded).text;
}

describe("properties of the codec", () => {
  it("reads any value that it wrote as what it was", () => {
    const property = fc.property(value, protocol, fc.boolean(), (written, protocol, shareStrings) => {
      const bytes = encode(written, { protocol, shareStrings });
      expect(shown(decode(bytes, { unknown: "opaque" }))).toBe(shown(written));
    });
    fc.assert(property, { ...runs, numRuns: 800 });
  });

  it("writes what it has read as it was written", () => {
    const property = fc.property(value, protocol, (written, protocol) => {
      const bytes = encode(written, { protocol });
      const again = encode(decode(bytes, { unknown: "opaque" }), { protocol });
      expect(Buffer.from(again).toString("latin1")).toBe(Buffer.from(bytes).toString("latin1"));
    });
    fc.assert(property, runs);
  });

  it("writes the same in parts as at once", () => {
    const property = fc.property(
      fc.array(fc.oneof(value, large), { maxLength: 4 }),
      protocol,
      (written, protocol) => {
        const bytes = encode(written, { protocol });
        expect(Buffer.compare(joined(encodeParts(written, { protocol })), bytes)).toBe(0);
      },
    );
    fc.assert(property, { ...runs, numRuns: 150 });
  });

  it("reads the same however the input is cut", () => {
    const cuts = fc.array(fc.nat({ max: 64 }), { minLength: 1, maxLength: 20 });
    const property = fc.property(
      fc.array(value, { maxLength: 3 }),
      protocol,
      cuts,
      (written, protocol, lengths) => {
        const bytes = new Uint8Array(Buffer.concat(written.map((one) => encode(one, { protocol }))));
        const decoder = new Decoder({ unknown: "opaque" });
        const read: PyValue[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const end = at + (lengths[i] ?? bytes.length);
          for (const event of decoder.push(bytes.slice(at, end)))
            if (event.type === "value") read.push(event.value);
          at = end;
        }
        decoder.end();
        expect(read.map(shown)).toEqual(written.map(shown));
      },
    );
    fc.assert(property, runs);
  });
});
