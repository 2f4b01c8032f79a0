// Requests as Python would pickle them, and as no Python would: written by hand, opcode by opcode.

import { encodeFrame } from "@fileshare/protocol";

/** An opcode with its argument, one character a byte. */
type Opcodes = string;

export const NONE: Opcodes = "N";

/** A str. */
export function str(text: string): Opcodes {
  const utf8 = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(utf8.length);
  return `X${length.toString("latin1")}${utf8.toString("latin1")}`;
}

/** A small int. */
export function int(value: number): Opcodes {
  return `K${String.fromCharCode(value)}`;
}

export function bytesOf(opcodes: Opcodes): Uint8Array {
  return new Uint8Array(Buffer.from(opcodes, "latin1"));
}

/** An instance of `__main__ Mensaje` in protocol 3. */
export function mensaje(operacion: Opcodes, data: Opcodes = NONE, estado: Opcodes = NONE): Uint8Array {
  const state = `(${str("operacion")}${operacion}${str("data")}${data}${str("estado")}${estado}u`;
  return bytesOf(`\x80\x03c__main__\nMensaje\n)\x81}${state}b.`);
}

/** A request in its frame. */
export function request(operacion: string, data?: string): Uint8Array {
  return encodeFrame(mensaje(str(operacion), data === undefined ? NONE : str(data)));
}

/** `Mensaje(estado="error")` as Python 3.0 - 3.7 writes it. */
export const errorReply: Uint8Array = bytesOf(
  "\x80\x03c__main__\nMensaje\nq\0)\x81q\x01}q\x02(X\x09\0\0\0operacionq\x03NX\x04\0\0\0dataq\x04N" +
    "X\x06\0\0\0estadoq\x05X\x05\0\0\0errorq\x06ub.",
);
