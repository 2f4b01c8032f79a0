// Where the opcodes of a pickle stand.

import { Op, Shape, shapes } from "../src/pickle/opcodes.js";

/** The offset of each opcode up to and with STOP, or as far as the bytes are opcodes; then the end of the last one. */
export function opcodeOffsets(bytes: Uint8Array): number[] {
  const offsets: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = endOf(bytes, at);
    if (end === undefined || end > bytes.length) break;
    offsets.push(at);
    const stopped = bytes[at] === Op.STOP;
    at = end;
    if (stopped) break;
  }
  offsets.push(at);
  return offsets;
}

/** Where the opcode at that offset ends; undefined when that cannot be told. */
function endOf(bytes: Uint8Array, at: number): number | undefined {
  const shape = shapes[bytes[at] as number] as number;
  if (shape >= 0) return at + 1 + shape;
  if (shape === Shape.Unknown) return undefined;
  if (shape > Shape.Line) {
    let length = 0;
    for (let i = -shape; i > 0; i--) length = length * 256 + (bytes[at + i] ?? 0);
    return at + 1 - shape + length;
  }
  let newline = bytes.indexOf(0x0a, at + 1);
  if (newline >= 0 && shape === Shape.TwoLines) newline = bytes.indexOf(0x0a, newline + 1);
  return newline < 0 ? undefined : newline + 1;
}
