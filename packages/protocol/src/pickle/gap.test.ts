import { describe, expect, test } from "vitest";
import { bytes, difference, joined, protocols } from "../../test/pickles.js";
import { Random } from "../../test/random.js";
import {
  addTextLengths,
  asText,
  BytesGap,
  encode,
  encodeParts,
  PyTuple,
  type PyValue,
  type TextLengths,
} from "./index.js";

const none: TextLengths = { "utf-8": 0, escaped: 0 };

describe("BytesGap", () => {
  const random = new Random(23);

  // Round the widths of a length, and round a frame; the one byte and no bytes that CPython keeps are known only whole.
  test.each([2, 3, 255, 256, 257, 65535, 65536, 65537, 100_000])(
    "of %d bytes, filled, makes the same pickle as the bytes",
    (length) => {
      const content = random.bytes(length);
      const gap = new BytesGap(length, addTextLengths(none, content));
      for (const protocol of protocols) {
        for (const around of [
          (data: object): PyValue => data,
          (data: object): PyValue => ["antes", data, "después"],
          (data: object): PyValue => new PyTuple([data, [data], bytes("otros bytes"), "x".repeat(70_000)]),
        ]) {
          const filled = joined(encodeParts(around(gap), { protocol }), content);
          expect(
            difference(filled, encode(around(content), { protocol })),
            `protocol ${protocol}`,
          ).toBeUndefined();
        }
      }
    },
  );

  test("of no bytes makes the pickle of no bytes", () => {
    for (const protocol of protocols) {
      expect(joined(encodeParts([new BytesGap(0, none)], { protocol }))).toEqual(
        encode([bytes()], { protocol }),
      );
    }
  });

  test("of 5 GiB is written with the opcode for that, in protocol 4", () => {
    const length = 5 * 2 ** 30;
    const parts = encodeParts(new BytesGap(length), { protocol: 4 });
    expect(parts).toEqual([
      bytes("\x80\x04\x8e\0\0\0\x40\x01\0\0\0"),
      { gap: "bytes", length },
      bytes("\x94."),
    ]);
    expect(() => encodeParts(new BytesGap(length), { protocol: 3 })).toThrow(
      expect.objectContaining({ code: "PROTOCOL" }),
    );
  });

  test.each([0, 1, 2] as const)("tells its length as text in protocol %d", (protocol) => {
    const content = bytes("a\n\\\xf1\xff");
    const gaps = encodeParts(new BytesGap(5, addTextLengths(none, content)), { protocol }).filter(
      (part) => "gap" in part,
    );
    expect(gaps).toEqual([protocol === 0 ? { gap: "escaped", length: 15 } : { gap: "utf-8", length: 7 }]);
  });
});

describe("asText()", () => {
  test.each([
    { form: "utf-8", data: "", expected: "" },
    { form: "utf-8", data: "a\0\x7f\x80\xff", expected: "a\0\x7f\xc2\x80\xc3\xbf" },
    { form: "escaped", data: "a\x7f\x80\xff", expected: "a\x7f\x80\xff" },
    { form: "escaped", data: "\\\0\n\r\x1a", expected: "\\u005c\\u0000\\u000a\\u000d\\u001a" },
  ] as const)("writes $data as $form", ({ form, data, expected }) => {
    expect(asText(form, bytes(data))).toEqual(bytes(expected));
  });

  test("gives as many bytes as addTextLengths() counted, chunk by chunk", () => {
    const random = new Random(29);
    const content = random.bytes(5000);
    let lengths = none;
    let start = 0;
    for (const end of random.cuts(content.length, 700)) {
      lengths = addTextLengths(lengths, content.subarray(start, end));
      start = end;
    }
    expect(lengths).toEqual({
      "utf-8": asText("utf-8", content).length,
      escaped: asText("escaped", content).length,
    });
  });
});
