import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { contentOf } from "../test/content-of.js";
import { Conexion, Content, Mensaje } from "./index.js";
import { connectSocket, socketTransport } from "./node.js";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A connected pair of sockets on loopback. */
async function sockets(): Promise<{ port: number; here: Socket; there: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const accepted = once(server, "connection");
  const here = await connectSocket({ host: "127.0.0.1", port });
  const [there] = (await accepted) as [Socket];
  return { port, here, there };
}

describe("socketTransport()", () => {
  it("carries Mensajes between two sockets, large data held back by a slow reader", async () => {
    const { here, there } = await sockets();
    await using server = new Conexion(socketTransport(there));
    await using client = new Conexion(socketTransport(here));
    const piece = new Uint8Array(100_000).fill(7);
    let given = 0;
    const content = new Content(400 * piece.length, {
      open: async function* () {
        for (; given < 400; given++) yield piece;
      },
    });
    const sending = server.enviarMensaje(new Mensaje({ data: content, estado: "ok" }));
    const mensaje = await client.recibirMensaje();
    const pieces = contentOf(mensaje)[Symbol.asyncIterator]();
    let received = (await pieces.next()).value?.length ?? 0;
    // The sender stops when the buffers on the way are full: long before it has given all.
    let before = -1;
    while (before !== given) {
      before = given;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(given).toBeLessThan(400);
    for (let next = await pieces.next(); !next.done; next = await pieces.next())
      received += next.value.length;
    await sending;
    expect(received).toBe(content.length);
    expect(mensaje?.estado).toBe("ok");
  });

  it("sends all that was written before it ends", async () => {
    const { here, there } = await sockets();
    const server = new Conexion(socketTransport(there));
    const client = new Conexion(socketTransport(here));
    const data = new Uint8Array(8 * 1024 * 1024).fill(5);
    const closed = server.enviarMensaje(new Mensaje({ data })).then(() => server.close());
    const mensaje = await client.recibirMensaje();
    expect((await contentOf(mensaje).bytes()).length).toBe(data.length);
    expect(await client.recibirMensaje()).toBeNull();
    expect(client.ended).toBe(true);
    await client.close();
    await closed;
    expect(here.destroyed && there.destroyed).toBe(true);
  });

  it("rejects a wait when the peer resets the connection", async () => {
    const { here, there } = await sockets();
    const client = new Conexion(socketTransport(here));
    const waiting = client.recibirMensaje();
    there.resetAndDestroy();
    await expect(waiting).rejects.toMatchObject({ code: "LOST", cause: { code: "ECONNRESET" } });
    expect(client.closed).toBe(true);
    await client.close();
  });

  it("rejects a write to a peer that is gone", async () => {
    const { here, there } = await sockets();
    const client = new Conexion(socketTransport(here));
    there.resetAndDestroy();
    await new Promise((resolve) => here.once("close", resolve));
    await expect(client.enviarMensaje(new Mensaje())).rejects.toMatchObject({ code: "LOST" });
  });

  it("rejects a blocked write when the connection is cut", async () => {
    const { here } = await sockets();
    const client = new Conexion(socketTransport(here));
    const sending = client.enviarMensaje(new Mensaje({ data: new Uint8Array(64 * 1024 * 1024) }));
    await new Promise((resolve) => setImmediate(resolve));
    const reason = new Error("enough");
    client.abort(reason);
    await expect(sending).rejects.toBe(reason);
  });
});

describe("connectSocket()", () => {
  it("rejects with UNREACHABLE where nobody listens", async () => {
    const { port, here, there } = await sockets();
    here.destroy();
    there.destroy();
    const [server] = servers.splice(0) as [Server];
    server.close();
    await once(server, "close");
    await expect(connectSocket({ host: "127.0.0.1", port })).rejects.toMatchObject({ code: "UNREACHABLE" });
    await expect(connectSocket({ host: "localhost", port })).rejects.toMatchObject({ code: "UNREACHABLE" });
  });

  it("rejects with the reason of a signal that has aborted", async () => {
    await expect(connectSocket({ signal: AbortSignal.abort("no") })).rejects.toBe("no");
  });
});
