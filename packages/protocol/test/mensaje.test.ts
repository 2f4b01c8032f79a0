// What leaves on the wire is what CPython's own pickler writes, byte for byte, and is read back.

import { createHash } from "node:crypto";
import { type DumpsRequest, PythonOracle, python } from "@fileshare/peers";
import { afterAll, describe, expect, it } from "vitest";
import {
  Conexion,
  Content,
  type Dialect,
  defaultDialect,
  Mensaje,
  type MensajeFields,
} from "../src/index.js";
import type { PickleProtocol } from "../src/pickle/index.js";
import { transportPair } from "./memory-transport.js";

const oracle = new PythonOracle();
afterAll(() => oracle.close());

const names = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `file-${String(i).padStart(5, "0")}.bin`);

interface Row {
  readonly what: string;
  readonly fields: MensajeFields;
  readonly python: DumpsRequest;
}

const rows: Row[] = [
  { what: "listar", fields: { operacion: "listar" }, python: { operacion: "listar" } },
  {
    what: "descargar of a non-ASCII name",
    fields: { operacion: "descargar", data: "señal 😀.txt" },
    python: { operacion: "descargar", data: "señal 😀.txt" },
  },
  { what: "an error", fields: { estado: "error" }, python: { estado: "error" } },
  { what: "nothing at all", fields: {}, python: {} },
  ...[0, 1, 2, 999, 1000, 1001, 2000].map((count) => ({
    what: `${count} names`,
    fields: { data: names(count), estado: "ok" },
    python: { data: { names: count }, estado: "ok" },
  })),
  {
    what: "names that are not ASCII, and of one character",
    fields: { data: ["ñ", "a", "日本.txt", "con espacio"], estado: "ok" },
    python: { data: { list: ["ñ", "a", "日本.txt", "con espacio"] }, estado: "ok" },
  },
  ...[0, 1, 255, 256, 65_535, 65_536, 65_537, 1024 * 1024].map((length) => ({
    what: `${length} bytes`,
    fields: { data: new Uint8Array(length), estado: "ok" },
    python: { data: { zeros: length }, estado: "ok" },
  })),
  {
    what: "attributes beyond the three",
    fields: { estado: "ok", extras: [["version", "v1"] as const, ["rango", [0, 10]] as const] },
    python: { estado: "ok", extras: { version: "v1", rango: { list: [0, 10] } } },
  },
];

/** What a Conexion puts on the wire, behind the frame header. */
async function payloadOf(fields: MensajeFields, dialect: Partial<Dialect>): Promise<Buffer> {
  const [transport] = transportPair();
  await new Conexion(transport, { dialect: { ...defaultDialect, ...dialect } }).enviarMensaje(
    new Mensaje(fields),
  );
  const frame = Buffer.concat(transport.written);
  expect(frame.readUInt32BE(0)).toBe(frame.length - 4);
  return frame.subarray(4);
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe.each([0, 1, 2, 3, 4, 5] as PickleProtocol[])("Conexion in protocol %i", (protocol) => {
  it.each(rows)("writes $what as CPython does", async ({ fields, python: request }) => {
    const expected = await oracle.dumps({ ...request, protocol });
    expect(sha256(await payloadOf(fields, { protocol }))).toBe(expected.sha256);
  });

  it.each(rows.filter(({ fields }) => fields.data instanceof Uint8Array))(
    "writes $what the same when they are streamed",
    async ({ fields, python: request }) => {
      const bytes = fields.data as Uint8Array;
      const content = new Content(bytes.length, {
        open: async function* () {
          for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
        },
      });
      const expected = await oracle.dumps({ ...request, protocol });
      expect(sha256(await payloadOf({ ...fields, data: content }, { protocol }))).toBe(expected.sha256);
    },
  );

  it("writes all byte values the same when they are streamed", async () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) & 0xff);
    const data = Buffer.from(bytes).toString("base64");
    const expected = await oracle.dumps({ protocol, data: { bytes: data }, estado: "ok" });
    expect(sha256(await payloadOf({ data: Content.of(bytes), estado: "ok" }, { protocol }))).toBe(
      expected.sha256,
    );
  });

  it("names the class in the peer's own module", async () => {
    const expected = await oracle.dumps({ protocol, module: "paquete.mensajes", estado: "ok" });
    const payload = await payloadOf({ estado: "ok" }, { protocol, module: "paquete.mensajes" });
    expect(sha256(payload)).toBe(expected.sha256);
  });
});

describe.each([2, 3, 4, 5] as PickleProtocol[])(
  "Conexion to a class with __slots__ in protocol %i",
  (protocol) => {
    it("writes the state that such a class reads", async () => {
      const expected = await oracle.dumps({ protocol, slots: true, data: { names: 2 }, estado: "ok" });
      const payload = await payloadOf({ data: names(2), estado: "ok" }, { protocol, slots: true });
      expect(sha256(payload)).toBe(expected.sha256);
    });
  },
);

const python2 = python("2.7");

describe.skipIf(!python2)("Conexion to an old-style class of Python 2.7 (where there is one)", () => {
  it.each([0, 1, 2] as PickleProtocol[])(
    "answers in the shape that it sent, in protocol %i",
    async (protocol) => {
      await using old = new PythonOracle(python2);
      const request = await old.dumps({ protocol, oldStyle: true, operacion: "listar", full: true });
      const [mine, theirs] = transportPair();
      const conexion = new Conexion(mine);
      const frame = Buffer.alloc(4 + request.length);
      frame.writeUInt32BE(request.length);
      frame.set(request.bytes as Uint8Array, 4);
      await theirs.write([frame]);
      const mensaje = await conexion.recibirMensaje();
      expect(mensaje?.operacion).toBe("listar");
      expect(conexion.dialect).toMatchObject({ construction: "classic", protocol });
      await conexion.enviarMensaje(new Mensaje({ data: ["uno", "dos"], estado: "ok" }));
      const reply = Buffer.concat(mine.written).subarray(4);
      const echoed = await old.echo(protocol, reply);
      expect(echoed.repr).toContain("Mensaje{");
      expect(echoed.repr).toContain("'data': ['uno', 'dos']");
    },
  );
});
