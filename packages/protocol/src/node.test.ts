import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { tempFolder } from "@fileshare/peers";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { contentOf } from "../test/content-of.js";
import { Conexion, Content, Mensaje } from "./index.js";
import { connectSocket, ReadBuffers, socketTransport } from "./node.js";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A connected pair of Unix sockets, or of pipes on Windows. */
async function unixSockets(): Promise<{ here: Socket; there: Socket }> {
  const temp = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  const path = join(process.platform === "win32" ? "\\\\.\\pipe" : "", temp.path, "socket");
  const server = createServer().listen(path);
  servers.push(server);
  await once(server, "listening");
  const accepted = once(server, "connection");
  const here = connect(path);
  const [there] = (await accepted) as [Socket];
  return { here, there };
}

/** A connected pair of sockets on loopback, one of which may read into buffers of its own. */
async function sockets(buffers?: ReadBuffers): Promise<{ port: number; here: Socket; there: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const accepted = once(server, "connection");
  const here = await connectSocket({ host: "127.0.0.1", port, buffers });
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

describe("A peer that takes long", () => {
  const data = new Uint8Array(32 * 1024 * 1024);

  it("is not cut while it goes on reading, though a single write takes longer than stallMs", async () => {
    // The system takes a few hundred kilobytes for such a socket; for one of TCP as many megabytes as it thinks fit.
    const { here, there } = await unixSockets();
    // The time is what the reader takes at such a rate: it does not depend on what else the machine is doing.
    const bytesPerMs = 600;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    await using server = new Conexion(socketTransport(there), { stallMs: 1000 });
    let done = false;
    const sending = server.enviarMensaje(new Mensaje({ data })).finally(() => {
      done = true;
    });
    sending.catch(() => {});
    // A write is of 1 MiB, which takes longer; but some hundred kilobytes are taken in less.
    here.pause();
    for (let read = 0; read < 6000 * bytesPerMs && !done; ) {
      const { length = 0 } = (here.read(Math.min(16 * 1024, here.readableLength)) as Buffer | null) ?? {};
      read += length;
      vi.advanceTimersByTime(length / bytesPerMs);
      for (let turn = 0; turn < 3; turn++) await nextTurn();
    }
    vi.useRealTimers();
    expect(done).toBe(false);
    here.resume();
    await sending;
  });

  it("is cut when it reads nothing for stallMs", async () => {
    const { there } = await sockets();
    const server = new Conexion(socketTransport(there), { stallMs: 100 });
    await expect(server.enviarMensaje(new Mensaje({ data }))).rejects.toMatchObject({ code: "STALLED" });
    expect(there.destroyed).toBe(true);
  });

  it("is cut when it reads nothing, though it sends something now and then", async () => {
    const { here, there } = await sockets();
    const server = new Conexion(socketTransport(there), { stallMs: 200 });
    const sign = setInterval(() => here.write("."), 20);
    await expect(server.enviarMensaje(new Mensaje({ data }))).rejects.toMatchObject({ code: "STALLED" });
    clearInterval(sign);
    expect(there.destroyed).toBe(true);
  });

  it("has as long as it likes where no timer can count stallMs", async () => {
    const { here, there } = await sockets();
    await using server = new Conexion(socketTransport(there), { stallMs: Number.POSITIVE_INFINITY });
    const sending = server.enviarMensaje(new Mensaje({ data }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    here.resume();
    await sending;
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

describe("A wait", () => {
  it("is not too long where the thread was busy, and what is waited for had come", async () => {
    const { here, there } = await sockets();
    await using client = new Conexion(socketTransport(here));
    await using server = new Conexion(socketTransport(there));
    const receiving = client.recibirMensaje({ firstByteMs: 20 });
    // The system has it when this returns.
    const sending = server.enviarMensaje(new Mensaje({ estado: "ok" }));
    await new Promise((resolve) => process.nextTick(resolve));
    for (const until = performance.now() + 60; performance.now() < until; );
    expect((await receiving)?.estado).toBe("ok");
    await sending;
  });
});

describe("ReadBuffers", () => {
  /** A Conexion that reads into those buffers, and its peer. */
  async function buffered(buffers: ReadBuffers): Promise<{ client: Conexion; server: Conexion }> {
    const { here, there } = await sockets(buffers);
    return { client: new Conexion(socketTransport(here)), server: new Conexion(socketTransport(there)) };
  }

  /** Bytes that tell where they stand. */
  function pattern(length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >>> 8)) & 0xff);
  }

  it("reads into the same few buffers again and again", async () => {
    const { client, server } = await buffered(new ReadBuffers({ bytes: 10_000, count: 3 }));
    await using _server = server;
    await using _client = client;
    const data = pattern(1_000_000);
    const sending = server.enviarMensaje(new Mensaje({ data, estado: "ok" }));
    const after = sending.then(() => server.enviarMensaje(new Mensaje({ estado: "next" })));
    const memory = new Set<ArrayBufferLike>();
    const received: Uint8Array[] = [];
    const reply = await client.recibirMensaje();
    for await (const piece of contentOf(reply).lend()) {
      memory.add(piece.buffer);
      received.push(piece.slice());
    }
    await after;
    expect(Buffer.concat(received).equals(data)).toBe(true);
    expect(memory.size).toBeLessThanOrEqual(4);
    expect((await client.recibirMensaje())?.estado).toBe("next");
  });

  it("leaves held bytes alone, and reads nothing while all buffers are held", async () => {
    const buffers = new ReadBuffers({ bytes: 10_000, count: 3 });
    const { client, server } = await buffered(buffers);
    await using _server = server;
    await using _client = client;
    const data = pattern(200_000);
    void server.enviarMensaje(new Mensaje({ data, estado: "ok" }));
    const pieces = contentOf(await client.recibirMensaje())
      .lend()
      [Symbol.asyncIterator]();
    const held: { piece: Uint8Array; copy: Uint8Array; release: () => void }[] = [];
    let waiting: Promise<IteratorResult<Uint8Array>> | undefined;
    const received: Uint8Array[] = [];
    for (;;) {
      waiting = pieces.next();
      const next = await Promise.race([waiting, new Promise<"none">((r) => setTimeout(r, 100, "none"))]);
      if (next === "none") break;
      const piece = next.value as Uint8Array;
      held.push({ piece, copy: piece.slice(), release: buffers.hold(piece) });
      received.push(piece.slice());
    }
    expect(buffers.available).toBe(false);
    expect(held.length).toBeGreaterThan(0);
    for (const { piece, copy } of held) expect(Buffer.compare(piece, copy)).toBe(0);
    for (const { release } of held) release();
    for (let next = await waiting; !next.done; next = await pieces.next()) received.push(next.value.slice());
    expect(Buffer.concat(received).equals(data)).toBe(true);
  });

  it("fills a buffer by several reads, and gives what came meanwhile at once", async () => {
    const { here, there } = await sockets(new ReadBuffers({ bytes: 10_000, count: 3 }));
    const transport = socketTransport(here);
    const data = pattern(3000);
    for (let at = 0; at < 3000; at += 1000) {
      there.write(data.subarray(at, at + 1000));
      await vi.waitFor(() => expect(here.bytesRead).toBe(at + 1000));
    }
    const piece = await transport.read();
    expect(Buffer.from(piece ?? []).equals(data)).toBe(true);
    transport.abort(new Error("over"));
    there.destroy();
  });

  it("lets go of what was read when the connection is cut", async () => {
    const buffers = new ReadBuffers({ bytes: 10_000, count: 2 });
    const { client, server } = await buffered(buffers);
    const sending = server.enviarMensaje(new Mensaje({ data: pattern(10_000_000) })).catch(() => "cut");
    await client.recibirMensaje();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(buffers.available).toBe(false);
    client.abort();
    expect(buffers.available).toBe(true);
    expect(await sending).toBe("cut");
  });

  it("keeps what came before there was a transport", async () => {
    const server = createServer((socket) => socket.end(Buffer.from([1, 2, 3]))).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const here = await connectSocket({ host: "127.0.0.1", port, buffers: new ReadBuffers() });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await using client = new Conexion(socketTransport(here));
    expect(await client.recibirBytes(3)).toEqual(Uint8Array.of(1, 2, 3));
  });
});
