import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { contentOf } from "../test/content-of.js";
import { type MemoryTransport, transportPair } from "../test/memory-transport.js";
import {
  Conexion,
  type ConexionOptions,
  Content,
  defaultDialect,
  encodeFrame,
  Mensaje,
  type MensajeFields,
  Trailer,
} from "./index.js";
import { encode, PyTuple, type PyValue } from "./pickle/index.js";

function pair(options: ConexionOptions = {}, chunkBytes?: number): { here: Conexion; there: Conexion } {
  const [a, b] = transportPair(chunkBytes);
  return { here: new Conexion(a, options), there: new Conexion(b) };
}

/** A connection whose peer is a test that writes raw bytes. */
function raw(options: ConexionOptions = {}): { conexion: Conexion; peer: MemoryTransport } {
  const [a, b] = transportPair();
  return { conexion: new Conexion(a, options), peer: b };
}

async function frameOf(fields: MensajeFields, protocol: 3 | 4 | 5 = 4): Promise<Buffer> {
  const [a] = transportPair();
  const conexion = new Conexion(a, { dialect: { ...defaultDialect, protocol } });
  await conexion.enviarMensaje(new Mensaje(fields));
  return Buffer.concat(a.written);
}

const large = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) & 0xff);

function pieceByPiece(length: number, pieces: Iterable<Uint8Array>): Content {
  return new Content(length, {
    open: async function* () {
      yield* pieces;
    },
  });
}

describe("Conexion.recibirMensaje()", () => {
  it.each([1, 3, 1000, undefined])("receives what was sent, in chunks of %s bytes", async (chunkBytes) => {
    const { here, there } = pair({}, chunkBytes);
    await there.enviarMensaje(new Mensaje({ operacion: "descargar", data: "año.txt" }));
    await there.enviarMensaje(new Mensaje({ data: ["a", "b"], estado: "ok", extras: [["version", 7]] }));
    const first = await here.recibirMensaje();
    expect(first).toEqual(new Mensaje({ operacion: "descargar", data: "año.txt" }));
    const second = await here.recibirMensaje();
    expect(second?.data).toEqual(["a", "b"]);
    expect([...(second?.extras ?? [])]).toEqual([["version", 7]]);
    await there.close();
    expect(await here.recibirMensaje()).toBeNull();
  });

  it.each([1000, 64 * 1024, undefined])(
    "gives large data as a stream, in chunks of %s bytes",
    async (chunkBytes) => {
      const { here, there } = pair({}, chunkBytes);
      const extras = [["suma", "abc"] as const];
      await there.enviarMensaje(new Mensaje({ operacion: "x", data: large, estado: "ok", extras }));
      const mensaje = await here.recibirMensaje();
      // `operacion` stands before the data, `estado` and the rest after it.
      expect(mensaje?.operacion).toBe("x");
      expect(mensaje?.estado).toBeNull();
      expect(await contentOf(mensaje).bytes()).toEqual(large);
      expect(mensaje?.estado).toBe("ok");
      expect([...(mensaje?.extras ?? [])]).toEqual(extras);
    },
  );

  it("gives a piece of large data before the rest has arrived", async () => {
    const { conexion, peer } = raw();
    const frame = await frameOf({ data: large, estado: "ok" });
    await peer.write([frame.subarray(0, 1000)]);
    const mensaje = await conexion.recibirMensaje();
    const pieces = contentOf(mensaje)[Symbol.asyncIterator]();
    expect((await pieces.next()).value?.length).toBeLessThan(1000);
    await peer.write([frame.subarray(1000)]);
    let received = 0;
    for (let piece = await pieces.next(); !piece.done; piece = await pieces.next())
      received += piece.value.length;
    expect(received).toBeGreaterThan(large.length - 1000);
    expect(mensaje?.estado).toBe("ok");
  });

  it("rejects who waits behind content that nobody reads, once the connection is cut", async () => {
    const { here, there } = pair();
    await there.enviarMensaje(new Mensaje({ data: large }));
    const first = await here.recibirMensaje();
    const behind = here.recibirMensaje();
    const reason = new Error("enough");
    here.abort(reason);
    await expect(behind).rejects.toBe(reason);
    await expect(contentOf(first).bytes()).rejects.toBe(reason);
  });

  it("takes nothing of a content that was cut for the next Mensaje, though it is there", async () => {
    const { conexion, peer } = raw();
    // Its content begins with a whole frame, and stands in one chunk with its header.
    const forged = new Uint8Array(200_000);
    forged.set(await frameOf({ estado: "forged" }));
    await peer.write([await frameOf({ data: forged })]);
    await conexion.recibirMensaje();
    const next = conexion.recibirMensaje();
    const bytes = conexion.recibirBytes(1);
    const reason = new Error("given up");
    conexion.abort(reason);
    await expect(next).rejects.toBe(reason);
    await expect(bytes).rejects.toBe(reason);
  });

  it("gives data under streamFrom whole, and streams at it", async () => {
    for (const [length, streams] of [
      [999, false],
      [1000, true],
    ] as const) {
      const { here, there } = pair({ streamFrom: 1000 });
      await there.enviarMensaje(new Mensaje({ data: new Uint8Array(length) }));
      expect((await here.recibirMensaje())?.data instanceof Content).toBe(streams);
    }
  });

  it("receives the next Mensaje only when the data before it was read or given up", async () => {
    const { here, there } = pair();
    await there.enviarMensaje(new Mensaje({ data: large }));
    await there.enviarMensaje(new Mensaje({ estado: "second" }));
    await there.enviarMensaje(new Mensaje({ data: large }));
    await there.enviarMensaje(new Mensaje({ estado: "fourth" }));
    const first = await here.recibirMensaje();
    const second = here.recibirMensaje();
    expect(await contentOf(first).bytes()).toEqual(large);
    expect((await second)?.estado).toBe("second");
    const third = await here.recibirMensaje();
    for await (const _ of contentOf(third)) break;
    expect((await here.recibirMensaje())?.estado).toBe("fourth");
    expect(here.closed).toBe(false);
  });

  it("cuts the connection when much more data is given up than is worth reading", async () => {
    const { conexion, peer } = raw();
    const frame = await frameOf({ data: new Uint8Array(3 * 1024 * 1024), estado: "ok" });
    await peer.write([frame.subarray(0, 100_000)]);
    const mensaje = await conexion.recibirMensaje();
    await contentOf(mensaje).cancel();
    expect(conexion.closed).toBe(true);
    await expect(conexion.recibirMensaje()).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("may be given up while a piece is awaited", async () => {
    const { conexion, peer } = raw();
    const frame = await frameOf({ data: large, estado: "ok" });
    await peer.write([frame.subarray(0, 1000)]);
    const content = contentOf(await conexion.recibirMensaje());
    const pieces = content[Symbol.asyncIterator]();
    await pieces.next();
    const waiting = pieces.next();
    const cancelled = content.cancel();
    await peer.write([frame.subarray(1000), await frameOf({ estado: "next" })]);
    expect((await waiting).done).toBe(false);
    await cancelled;
    expect((await pieces.next()).done).toBe(true);
    expect((await conexion.recibirMensaje())?.estado).toBe("next");
  });

  it("takes a frame of no length, and an end between frames, for a good-bye", async () => {
    const { conexion, peer } = raw();
    await peer.write([encodeFrame(new Uint8Array(0))]);
    expect(await conexion.recibirMensaje()).toBeNull();
    await peer.end();
    expect(await conexion.recibirMensaje()).toBeNull();
    expect(conexion.ended).toBe(true);
  });

  it("ignores bytes that follow the pickle in its frame, as Python does", async () => {
    const { conexion, peer } = raw();
    const frame = await frameOf({ estado: "ok" });
    await peer.write([encodeFrame(Buffer.concat([frame.subarray(4), Buffer.from("more")]))]);
    await peer.write([frame]);
    expect((await conexion.recibirMensaje())?.estado).toBe("ok");
    expect((await conexion.recibirMensaje())?.estado).toBe("ok");
  });

  it.each([
    { what: "no pickle", payload: Uint8Array.of(1, 2, 3), code: "MALFORMED" },
    { what: "a cut pickle", payload: encode({ a: 1 }).subarray(0, 5), code: "MALFORMED" },
    { what: "a pickle of a dict", payload: encode({ operacion: "listar" }), code: "NOT_A_MENSAJE" },
    { what: "another class", payload: Buffer.from("cos\nsystem\n."), code: "MALFORMED" },
    { what: "the class itself", payload: Buffer.from("c__main__\nMensaje\n."), code: "NOT_A_MENSAJE" },
    {
      what: "an operacion that is an int",
      payload: Buffer.from("\x80\x02c__main__\nMensaje\n)\x81}X\x09\0\0\0operacionK\x01sb.", "latin1"),
      code: "BAD_ATTRIBUTE",
    },
    {
      what: "a state that is a list",
      payload: Buffer.from("\x80\x02c__main__\nMensaje\n)\x81]b.", "latin1"),
      code: "BAD_ATTRIBUTE",
    },
    {
      what: "an attribute whose name is an int",
      payload: Buffer.from("\x80\x02c__main__\nMensaje\n)\x81}K\x01K\x01sb.", "latin1"),
      code: "BAD_ATTRIBUTE",
    },
    {
      what: "arguments for the class",
      payload: Buffer.from("\x80\x02c__main__\nMensaje\nK\x01\x85\x81}b.", "latin1"),
      code: "BAD_ATTRIBUTE",
    },
  ])("refuses $what as $code, and receives the next one", async ({ payload, code }) => {
    const { conexion, peer } = raw();
    await peer.write([encodeFrame(payload), await frameOf({ estado: "next" })]);
    await expect(conexion.recibirMensaje()).rejects.toMatchObject({ name: "MensajeError", code });
    expect((await conexion.recibirMensaje())?.estado).toBe("next");
  });

  it("refuses a Mensaje that drops the one whose data it streamed", async () => {
    // Two Mensajes on the stack: the data of the first is streamed, and the second is what the pickle gives.
    const { conexion, peer } = raw({ streamFrom: 4 });
    const payload = Buffer.from(
      "\x80\x03c__main__\nMensaje\n)\x81}X\x04\0\0\0dataC\x04aaaasb0c__main__\nMensaje\n)\x81.",
      "latin1",
    );
    await peer.write([encodeFrame(payload), await frameOf({ estado: "next" })]);
    const mensaje = await conexion.recibirMensaje();
    await expect(contentOf(mensaje).bytes()).rejects.toMatchObject({ code: "NOT_A_MENSAJE" });
    expect((await conexion.recibirMensaje())?.estado).toBe("next");
  });

  it("refuses data that claims more bytes than its frame has", async () => {
    const { conexion, peer } = raw();
    const payload = Buffer.from(
      "\x80\x03c__main__\nMensaje\n)\x81}X\x04\0\0\0dataB\xff\xff\xff\x7f1234sb.",
      "latin1",
    );
    await peer.write([encodeFrame(payload), await frameOf({ estado: "next" })]);
    await expect(conexion.recibirMensaje()).rejects.toMatchObject({ code: "MALFORMED" });
    expect((await conexion.recibirMensaje())?.estado).toBe("next");
  });

  it("accepts a frame at maxFrameBytes, refuses one over, and can still send a last word", async () => {
    const frame = await frameOf({ estado: "ok" });
    const exact = raw({ maxFrameBytes: frame.length - 4 });
    await exact.peer.write([frame]);
    expect((await exact.conexion.recibirMensaje())?.estado).toBe("ok");
    const strict = raw({ maxFrameBytes: frame.length - 5 });
    await strict.peer.write([frame]);
    await expect(strict.conexion.recibirMensaje()).rejects.toMatchObject({ code: "FRAME_TOO_LONG" });
    await strict.peer.write([frame]);
    await expect(strict.conexion.recibirMensaje()).rejects.toMatchObject({ code: "FRAME_TOO_LONG" });
    await strict.conexion.enviarMensaje(new Mensaje({ estado: "error" }));
    expect((await new Conexion(strict.peer).recibirMensaje())?.estado).toBe("error");
  });

  it("refuses a Mensaje that would hold more memory than maxBufferedBytes", async () => {
    const { conexion, peer } = raw({ maxBufferedBytes: 1000 });
    await peer.write([await frameOf({ data: ["x".repeat(2000)] }), await frameOf({ estado: "next" })]);
    await expect(conexion.recibirMensaje()).rejects.toMatchObject({ code: "MALFORMED" });
    expect((await conexion.recibirMensaje())?.estado).toBe("next");
    await peer.write([await frameOf({ data: large })]);
    expect(await contentOf(await conexion.recibirMensaje()).bytes()).toEqual(large);
  });

  it("says CUT at every offset in a frame where the peer ends", async () => {
    const frame = await frameOf({ operacion: "listar" });
    for (let at = 1; at < frame.length; at++) {
      const { conexion, peer } = raw();
      await peer.write([frame.subarray(0, at)]);
      await peer.end();
      await expect(conexion.recibirMensaje()).rejects.toMatchObject({ code: "CUT" });
      expect(conexion.closed).toBe(true);
    }
  });

  it("says CUT when the peer ends within streamed data", async () => {
    const { conexion, peer } = raw();
    await peer.write([(await frameOf({ data: large })).subarray(0, 100_000)]);
    await peer.end();
    const mensaje = await conexion.recibirMensaje();
    await expect(contentOf(mensaje).bytes()).rejects.toMatchObject({ code: "CUT" });
  });

  it("says STALLED when nothing more of a frame comes, and waits between frames", async () => {
    const { conexion, peer } = raw({ stallMs: 20 });
    const idle = conexion.recibirMensaje();
    await new Promise((resolve) => setTimeout(resolve, 60));
    await peer.write([await frameOf({ estado: "ok" })]);
    expect((await idle)?.estado).toBe("ok");
    await peer.write([(await frameOf({ estado: "ok" })).subarray(0, 10)]);
    await expect(conexion.recibirMensaje()).rejects.toMatchObject({ code: "STALLED" });
  });

  it("says STALLED when the first byte does not come in firstByteMs", async () => {
    const { conexion } = raw();
    await expect(conexion.recibirMensaje({ firstByteMs: 10 })).rejects.toMatchObject({ code: "STALLED" });
  });

  it("takes a stallMs that no timer can count for none", async () => {
    const { conexion, peer } = raw({ stallMs: 2 ** 31 });
    const frame = await frameOf({ estado: "ok" });
    await peer.write([frame.subarray(0, 10)]);
    const waiting = conexion.recibirMensaje();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await peer.write([frame.subarray(10)]);
    expect((await waiting)?.estado).toBe("ok");
  });

  it("rejects with the reason of a signal that aborts, and leaves no listener on it", async () => {
    const { conexion, peer } = raw();
    const controller = new AbortController();
    const reason = new Error("enough");
    const waiting = conexion.recibirMensaje({ signal: controller.signal });
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(conexion.recibirMensaje()).rejects.toBe(reason);
    const other = raw();
    const kept = new AbortController();
    await other.peer.write([await frameOf({ data: large })]);
    const mensaje = await other.conexion.recibirMensaje({ signal: kept.signal });
    expect(getEventListeners(kept.signal, "abort")).toHaveLength(1);
    await contentOf(mensaje).bytes();
    expect(getEventListeners(kept.signal, "abort")).toHaveLength(0);
    expect(peer.written).toEqual([]);
  });

  it("aborts while data is being streamed", async () => {
    const { conexion, peer } = raw();
    await peer.write([(await frameOf({ data: large })).subarray(0, 100_000)]);
    const controller = new AbortController();
    const mensaje = await conexion.recibirMensaje({ signal: controller.signal });
    const pieces = contentOf(mensaje)[Symbol.asyncIterator]();
    await pieces.next();
    const waiting = pieces.next();
    controller.abort("enough");
    await expect(waiting).rejects.toBe("enough");
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });
});

describe("Conexion.enviarMensaje()", () => {
  it.each([0, 1, 2, 3, 4, 5] as const)(
    "writes extras before content, and trailers after it, in protocol %s",
    async (protocol) => {
      const a = { protocol, module: "m", qualname: "Mensaje", construction: "new", slots: false } as const;
      const { here, there } = pair({ dialect: a });
      let sum = 0;
      const content = new Content(large.length, {
        open: async function* () {
          sum = 0;
          for (let at = 0; at < large.length; at += 70_000) {
            const piece = large.subarray(at, at + 70_000);
            for (const byte of piece) sum = (sum + byte) % 1000;
            yield piece;
          }
        },
      });
      const extras = new Map<string, PyValue>([
        ["suma", new Trailer("000", () => String(sum).padStart(3, "0"))],
        ["size", 7],
        ["whole", new Trailer(false, () => true)],
      ]);
      await there.enviarMensaje(new Mensaje({ data: content, estado: "ok", extras }));
      const mensaje = await here.recibirMensaje();
      if (protocol >= 3) expect([...(mensaje?.extras ?? [])]).toEqual([["size", 7]]);
      if (mensaje?.data instanceof Content) expect(await mensaje.data.bytes()).toEqual(large);
      const expected = large.reduce((total, byte) => (total + byte) % 1000, 0);
      expect([...(mensaje?.extras ?? [])]).toEqual([
        ["size", 7],
        ["suma", String(expected).padStart(3, "0")],
        ["whole", true],
      ]);
      expect(mensaje?.estado).toBe("ok");
    },
  );

  it.each([Content.of(new Uint8Array(0)), Uint8Array.of(1), null])(
    "gives a trailer its value where nothing streams",
    async (data) => {
      const { here, there } = pair();
      await there.enviarMensaje(
        new Mensaje({ data, estado: "ok", extras: [["suma", new Trailer("00", () => "42")]] }),
      );
      expect((await here.recibirMensaje())?.extras.get("suma")).toBe("42");
    },
  );

  it("cuts the connection where a trailer is not as long as its placeholder", async () => {
    const { there } = pair();
    const extras = [["suma", new Trailer("00", () => "123")] as const];
    const sending = there.enviarMensaje(new Mensaje({ data: Content.of(large), extras }));
    await expect(sending).rejects.toMatchObject({ code: "SHORT_CONTENT" });
    expect(there.closed).toBe(true);
  });

  it("sends short Mensajes of a batch together, in order with all others", async () => {
    const [a, b] = transportPair();
    const writes: number[] = [];
    const write = a.write.bind(a);
    a.write = async (chunks) => {
      writes.push(chunks.length);
      await new Promise((resolve) => setTimeout(resolve, 5));
      await write(chunks);
    };
    const here = new Conexion(a);
    const there = new Conexion(b);
    for (let i = 0; i < 100; i++) await here.enviarMensaje(new Mensaje({ data: i }), { batch: true });
    await here.enviarMensaje(new Mensaje({ data: Content.of(large) }), { batch: true });
    await here.enviarMensaje(new Mensaje({ data: 101 }), { batch: true });
    await here.close();
    for (let i = 0; i < 102; i++) {
      const data = (await there.recibirMensaje())?.data;
      if (data instanceof Content) await data.bytes();
      else expect(data).toBe(i);
    }
    expect(await there.recibirMensaje()).toBeNull();
    expect(writes.length).toBeLessThan(10);
  });

  it("tells of a batch that failed at the next wait", async () => {
    const [a] = transportPair();
    const here = new Conexion(a);
    a.write = () => Promise.reject(new Error("broken"));
    await here.enviarMensaje(new Mensaje(), { batch: true });
    await expect(here.recibirMensaje()).rejects.toMatchObject({ code: "LOST" });
    expect(here.closed).toBe(true);
  });

  it("waits in a batch when much waits to be sent", async () => {
    const [a] = transportPair();
    const here = new Conexion(a);
    let release = (): void => {};
    a.write = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    let sent = 0;
    const sending = (async () => {
      for (; sent < 200; sent++)
        await here.enviarMensaje(new Mensaje({ data: "x".repeat(1000) }), { batch: true });
    })();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sent).toBeGreaterThan(30);
    expect(sent).toBeLessThan(100);
    a.write = async () => {};
    release();
    await sending;
  });

  it("sends header and payload of a small Mensaje in one write", async () => {
    const [a] = transportPair();
    const writes: number[] = [];
    const write = a.write.bind(a);
    a.write = (chunks) => {
      writes.push(chunks.length);
      return write(chunks);
    };
    await new Conexion(a).enviarMensaje(new Mensaje({ operacion: "descargar", data: "x" }));
    expect(writes).toHaveLength(1);
  });

  it("answers in the dialect of the last Mensaje received", async () => {
    const { conexion, peer } = raw();
    const [a] = transportPair();
    const dialect = { ...defaultDialect, protocol: 5 as const, module: "otro.modulo" };
    await new Conexion(a, { dialect }).enviarMensaje(new Mensaje({ operacion: "listar" }));
    await peer.write(a.written);
    await conexion.recibirMensaje();
    expect(conexion.dialect).toEqual(dialect);
  });

  it("keeps its dialect with followDialect false", async () => {
    const { conexion, peer } = raw({ followDialect: false });
    await peer.write([await frameOf({ estado: "ok" }, 5)]);
    await conexion.recibirMensaje();
    expect(conexion.dialect).toEqual(defaultDialect);
  });

  it("sends several at once one after the other", async () => {
    const { here, there } = pair({}, 1000);
    const pieces = Array.from({ length: 20 }, (_, i) => large.subarray(i * 10_000, (i + 1) * 10_000));
    const sent = Promise.all([
      there.enviarMensaje(new Mensaje({ data: pieceByPiece(large.length, pieces), estado: "first" })),
      there.enviarMensaje(new Mensaje({ estado: "second" })),
    ]);
    const first = await here.recibirMensaje();
    expect(await contentOf(first).bytes()).toEqual(large);
    expect(first?.estado).toBe("first");
    expect((await here.recibirMensaje())?.estado).toBe("second");
    await sent;
  });

  it.each([
    { what: "ends early", pieces: [large.subarray(0, 100_000)] },
    { what: "has more", pieces: [large.subarray(0, 150_000), large] },
    {
      what: "fails",
      pieces: (function* () {
        yield large.subarray(0, 100_000);
        throw new Error("disk");
      })(),
    },
  ])("cuts the connection when content $what than was promised", async ({ pieces }) => {
    const { here, there } = pair();
    const mensaje = new Mensaje({ data: pieceByPiece(large.length, pieces), estado: "ok" });
    await expect(there.enviarMensaje(mensaje)).rejects.toMatchObject({ code: "SHORT_CONTENT" });
    expect(there.closed).toBe(true);
    const received = await here.recibirMensaje();
    await expect(contentOf(received).bytes()).rejects.toMatchObject({ code: "CUT" });
  });

  it("cuts the connection when content is another one in the second pass of protocol 2", async () => {
    const { here, there } = pair({});
    const dialect = { ...defaultDialect, protocol: 2 as const };
    const [a, b] = transportPair();
    const sender = new Conexion(a, { dialect });
    let passes = 0;
    const changing = new Content(200_000, {
      open: async function* () {
        // As text, half as many bytes of 0xe9 are as long as the 0x41 that were counted.
        const byte = passes++ === 0 ? 0x41 : 0xe9;
        for (let i = 0; i < 2; i++) yield new Uint8Array(100_000).fill(byte);
      },
    });
    const sending = sender.enviarMensaje(new Mensaje({ data: changing, estado: "ok" }));
    await expect(sending).rejects.toThrow("it is not what was measured");
    await b.end();
    await Promise.all([here.close(), there.close()]);
  });

  it("stops counting content that nobody can be sent any more", async () => {
    const [transport] = transportPair();
    const closed: typeof transport & { closed?: boolean } = transport;
    let pieces = 0;
    const endless = new Content(2 ** 30, {
      open: async function* () {
        for (;;) {
          pieces += 1;
          if (pieces === 3) Object.defineProperty(closed, "closed", { value: true });
          yield new Uint8Array(1000);
        }
      },
    });
    const sender = new Conexion(closed, { dialect: { ...defaultDialect, protocol: 0 } });
    await expect(sender.enviarMensaje(new Mensaje({ data: endless }))).rejects.toMatchObject({
      code: "LOST",
    });
    expect(pieces).toBe(3);
  });

  it("hands large bytes to the transport in pieces, each of which is progress", async () => {
    const [a] = transportPair();
    const data = new Uint8Array(1_000_000).fill(9);
    await new Conexion(a, { dialect: { ...defaultDialect, protocol: 4 } }).enviarMensaje(
      new Mensaje({ data }),
    );
    expect(Math.max(...a.written.map((chunk) => chunk.length))).toBe(256 * 1024);
    expect(Buffer.concat(a.written).equals(await frameOf({ data }))).toBe(true);
  });

  it("counts what was sent, and not what was refused", async () => {
    const { there } = pair();
    await there.enviarMensaje(new Mensaje());
    await expect(there.enviarMensaje(new Mensaje({ data: () => 1 }))).rejects.toThrow();
    expect(there.sent).toBe(1);
  });

  it("cuts the connection for a signal that has aborted before", async () => {
    const { here } = pair();
    await expect(here.recibirMensaje({ signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
    expect(here.closed).toBe(true);
  });

  it("stays usable when content fails before its first byte", async () => {
    const { here, there } = pair();
    const failing = new Content(large.length, {
      open: () => ({ next: () => Promise.reject(new Error("disk")) }),
    });
    await expect(there.enviarMensaje(new Mensaje({ data: failing }))).rejects.toThrow("disk");
    await there.enviarMensaje(new Mensaje({ estado: "next" }));
    expect((await here.recibirMensaje())?.estado).toBe("next");
  });

  it("refuses what a frame cannot carry, and stays usable", async () => {
    const { here, there } = pair();
    const most = new Mensaje({ data: pieceByPiece(2 ** 32, []) });
    await expect(there.enviarMensaje(most)).rejects.toMatchObject({ code: "FRAME_TOO_LONG" });
    await there.enviarMensaje(new Mensaje({ estado: "next" }));
    expect((await here.recibirMensaje())?.estado).toBe("next");
  });

  it("refuses what Python has no value for, and stays usable", async () => {
    const { here, there } = pair();
    await expect(there.enviarMensaje(new Mensaje({ data: () => 1 }))).rejects.toMatchObject({
      name: "PickleEncodeError",
      code: "UNENCODABLE",
    });
    await there.enviarMensaje(new Mensaje({ data: new PyTuple([1]) }));
    expect((await here.recibirMensaje())?.data).toEqual(new PyTuple([1]));
  });

  it("waits for a transport that is slow, and says STALLED when it is stuck", async () => {
    const { conexion } = raw({ stallMs: 20 });
    const [stuck] = transportPair();
    let fail: (reason: unknown) => void = () => {};
    stuck.write = () =>
      new Promise((_, reject) => {
        fail = reject;
      });
    stuck.abort = (reason) => fail(reason);
    const slow = new Conexion(stuck, { stallMs: 20 });
    await expect(slow.enviarMensaje(new Mensaje())).rejects.toMatchObject({ code: "STALLED" });
    await conexion.enviarMensaje(new Mensaje());
  });
});

describe("Conexion", () => {
  it.each([{ maxFrameBytes: -1 }, { maxBufferedBytes: Number.NaN }, { streamFrom: -1 }, { stallMs: 0 }])(
    "refuses the options %o",
    (options) => {
      expect(() => raw(options)).toThrow(RangeError);
    },
  );
});

describe("Conexion.recibirBytes()", () => {
  it("receives exactly so many bytes, across chunks and between Mensajes", async () => {
    const { conexion, peer } = raw();
    await peer.write([
      Uint8Array.of(1, 2),
      Uint8Array.of(3),
      await frameOf({ estado: "ok" }),
      Uint8Array.of(4),
    ]);
    expect(await conexion.recibirBytes(3)).toEqual(Uint8Array.of(1, 2, 3));
    expect((await conexion.recibirMensaje())?.estado).toBe("ok");
    expect(await conexion.recibirBytes(1)).toEqual(Uint8Array.of(4));
    await peer.end();
    await expect(conexion.recibirBytes(1)).rejects.toMatchObject({ code: "CUT" });
  });
});

describe("Conexion.close()", () => {
  it("lets what is being sent reach the peer, and takes nothing new", async () => {
    const { here, there } = pair();
    const pieces = Array.from({ length: 20 }, (_, i) => large.subarray(i * 10_000, (i + 1) * 10_000));
    const sending = there.enviarMensaje(
      new Mensaje({ data: pieceByPiece(large.length, pieces), estado: "ok" }),
    );
    const closing = there.close();
    await expect(there.enviarMensaje(new Mensaje())).rejects.toMatchObject({ code: "CLOSED" });
    const mensaje = await here.recibirMensaje();
    expect(await contentOf(mensaje).bytes()).toEqual(large);
    await sending;
    await closing;
    expect(await here.recibirMensaje()).toBeNull();
  });

  it("ends a wait for the next Mensaje", async () => {
    const { here } = pair();
    const waiting = here.recibirMensaje();
    await here.close();
    expect(await waiting).toBeNull();
  });
});
