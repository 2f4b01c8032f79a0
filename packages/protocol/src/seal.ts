// What binds a reply to its request: PROTOCOL.md, section 6.6.

import { encodeUtf8 } from "./pickle/text.js";

/** What each byte value adds to a CRC-32, the polynomial of zlib's. */
const table: Uint32Array = /* @__PURE__ */ Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** The seal of a reply: a CRC-32 of its fields, in 8 digits of hexadecimal. */
export function sealOf(fields: readonly (string | number)[]): string {
  let crc = 0xffffffff;
  for (const byte of encodeUtf8(fields.map((field) => `${field}\n`).join(""))) {
    crc = (table[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  }
  return (~crc >>> 0).toString(16).padStart(8, "0");
}
