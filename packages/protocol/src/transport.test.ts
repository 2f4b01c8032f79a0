import { describe, expect, it } from "vitest";
import { contentOf } from "../test/content-of.js";
import { Conexion, Mensaje, streamTransport } from "./index.js";

/** Two pairs of web streams, each the other's peer. */
function streamPairs(): [
  { readable: ReadableStream; writable: WritableStream },
  { readable: ReadableStream; writable: WritableStream },
] {
  const one = new TransformStream<Uint8Array, Uint8Array>();
  const other = new TransformStream<Uint8Array, Uint8Array>();
  return [
    { readable: one.readable, writable: other.writable },
    { readable: other.readable, writable: one.writable },
  ];
}

describe("streamTransport()", () => {
  it("carries Mensajes over web streams", async () => {
    const [a, b] = streamPairs();
    const here = new Conexion(streamTransport(a));
    const there = new Conexion(streamTransport(b));
    const data = Uint8Array.from({ length: 300_000 }, (_, i) => i & 0xff);
    const sending = there.enviarMensaje(new Mensaje({ operacion: "x", data, estado: "ok" }));
    const mensaje = await here.recibirMensaje();
    expect(await contentOf(mensaje).bytes()).toEqual(data);
    await sending;
    expect(mensaje?.estado).toBe("ok");
    const closing = there.close();
    expect(await here.recibirMensaje()).toBeNull();
    await closing;
  });

  it("rejects a wait with the reason when it is cut", async () => {
    const [a] = streamPairs();
    const here = new Conexion(streamTransport(a));
    const waiting = here.recibirMensaje();
    here.abort("enough");
    await expect(waiting).rejects.toBe("enough");
    await expect(here.enviarMensaje(new Mensaje())).rejects.toBe("enough");
  });
});
