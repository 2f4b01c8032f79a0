import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Flow, Link, resetSocket } from "./flow.ts";
import { type FaultEvent, type FaultProxyOptions, startFaultProxy } from "./proxy.ts";
import { type FaultRule, Schedule } from "./rules.ts";

const DATA = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7919) >> 3));

/** A server that hands over its connections. */
async function listen(): Promise<{ port: number; accepted(): Promise<Socket> } & AsyncDisposable> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  server.on("connection", (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
  });
  await once(server, "listening");
  let taken = 0;
  return {
    port: (server.address() as { port: number }).port,
    async accepted() {
      while (sockets.length <= taken) await once(server, "connection");
      return sockets[taken++] as Socket;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

interface Joined extends AsyncDisposable {
  readonly client: Socket;
  readonly server: Socket;
  readonly proxy: Awaited<ReturnType<typeof startFaultProxy>>;
  readonly events: FaultEvent[];
  /** All that the client gets. */
  readonly received: Promise<Buffer>;
}

/** A client and a server, with a proxy between them. */
async function join(plan: FaultProxyOptions["plan"], seed = 1): Promise<Joined> {
  const server = await listen();
  const events: FaultEvent[] = [];
  const proxy = await startFaultProxy({
    port: server.port,
    seed,
    plan,
    onFault: (event) => events.push(event),
  });
  const client = connect({ host: proxy.host, port: proxy.port, allowHalfOpen: true });
  client.on("error", () => {});
  // From the first moment: a stream's end that nobody listens to is missed.
  const received = collect(client);
  return {
    client,
    received,
    server: await server.accepted(),
    proxy,
    events,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await proxy.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** All that comes until the stream ends or breaks. */
async function collect(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve) => socket.once("end", resolve).once("close", () => resolve()));
  return Buffer.concat(chunks);
}

const active = (name: string): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === name).length;
const sockets = (): number => active("TCPSocketWrap") + active("TCPServerWrap");
const timers = (): number => active("Timeout");

describe("startFaultProxy", () => {
  test("passes on all bytes and each end of a stream where nothing goes wrong", async () => {
    await using joined = await join([]);
    const { client, server, proxy, received } = joined;
    client.end(DATA);
    expect((await collect(server)).equals(DATA)).toBe(true);
    server.end(DATA.subarray(1));
    expect((await received).equals(DATA.subarray(1))).toBe(true);
    const none = { cut: 0, stall: 0, delay: 0, split: 0, corrupt: 0 };
    expect(proxy.counts()).toEqual({
      connections: 1,
      toServer: { bytes: DATA.length, ...none },
      toClient: { bytes: DATA.length - 1, ...none },
    });
  });

  test.each([0, 1, 7, 65_536, 100_001])("cuts after exactly %d bytes to the client", async (after) => {
    await using joined = await join([{ fault: "cut", direction: "toClient", after }]);
    const { client, server, proxy, events, received } = joined;
    const ended = collect(server);
    server.write(DATA);
    expect((await received).equals(DATA.subarray(0, after))).toBe(true);
    client.end();
    await ended;
    expect(events).toEqual([{ fault: "cut", connection: 0, direction: "toClient", offset: after }]);
    expect(proxy.counts().toClient).toMatchObject({ bytes: after, cut: 1 });
  });

  test("cuts after exactly so many bytes to the server, the other way too", async () => {
    await using joined = await join([{ fault: "cut", direction: "toServer", after: 1000 }]);
    const { client, server, proxy, received } = joined;
    client.write(DATA);
    expect((await collect(server)).equals(DATA.subarray(0, 1000))).toBe(true);
    server.end(DATA);
    expect(await received).toEqual(Buffer.alloc(0));
    expect(proxy.counts().toClient.bytes).toBe(0);
  });

  test("cuts as by a crash", async () => {
    await using joined = await join([{ fault: "cut", direction: "toServer", after: 4, reset: true }]);
    const failed = once(joined.client, "error");
    joined.client.write("123456");
    expect((await failed)[0]).toMatchObject({ code: "ECONNRESET" });
    expect(joined.proxy.counts().toServer).toMatchObject({ bytes: 4, cut: 1 });
  });

  test("stalls one direction for ever, and not the other", async () => {
    await using joined = await join([
      { fault: "stall", direction: "toClient", after: 5, ms: Number.POSITIVE_INFINITY },
    ]);
    const { client, server, proxy, received } = joined;
    server.end("12345678");
    client.end(DATA);
    expect((await collect(server)).equals(DATA)).toBe(true);
    await proxy.close();
    expect((await received).toString()).toBe("12345");
    expect(proxy.counts()).toMatchObject({ toClient: { bytes: 5, stall: 1 }, toServer: { stall: 0 } });
  });

  test("goes on after a stall or a delay", async () => {
    const rules: FaultRule[] = [
      { fault: "stall", after: 0, ms: 1 },
      { fault: "stall", every: 50_000, ms: 2 },
      { fault: "delay", every: 50_000, ms: 2 },
    ];
    await using joined = await join(rules);
    const { client, server, proxy } = joined;
    client.end(DATA);
    expect((await collect(server)).equals(DATA)).toBe(true);
    const { stall, delay } = proxy.counts().toServer;
    expect(stall).toBeGreaterThan(1);
    expect(delay).toBeGreaterThan(0);
  });

  test("corrupts one bit of the bytes that it names, and no other", async () => {
    await using joined = await join([
      { fault: "corrupt", every: 5000 },
      { fault: "corrupt", after: 0 },
      { fault: "split", after: 0, bytes: 1000 },
    ]);
    const { client, server, events } = joined;
    client.end(DATA);
    const received = await collect(server);
    const flipped = [...received].flatMap((byte, offset) => {
      const bits = byte ^ (DATA[offset] as number);
      if (bits !== 0) expect(Math.log2(bits) % 1).toBe(0);
      return bits === 0 ? [] : offset;
    });
    expect(flipped[0]).toBe(0);
    expect(flipped.length).toBeGreaterThan(10);
    expect(flipped).toEqual(events.filter(({ fault }) => fault === "corrupt").map(({ offset }) => offset));
    expect(received.length).toBe(DATA.length);
  });

  test("does the same again with the same seed, whatever pieces the bytes come in", async () => {
    const plan: FaultRule[] = [
      { fault: "corrupt", every: 3000 },
      { fault: "delay", every: 20_000, ms: 1 },
      { fault: "split", every: 20_000, bytes: 5, over: 200 },
      { fault: "cut", direction: "toServer", every: 1_000_000 },
    ];
    const run = async (
      seed: number,
      pieces: readonly number[],
    ): Promise<{ events: string[]; bytes: Buffer }> => {
      await using joined = await join(plan, seed);
      const { client, server, events } = joined;
      const received = collect(server);
      let at = 0;
      for (const length of pieces) {
        client.write(DATA.subarray(at, at + length));
        at += length;
        await nextTurn();
      }
      client.end(DATA.subarray(at));
      const bytes = await received;
      return { events: events.map((event) => JSON.stringify(event)), bytes };
    };
    const first = await run(7, []);
    const again = await run(7, [1, 2, 3, 1000, 77_777]);
    const other = await run(8, []);
    expect(first.events.length).toBeGreaterThan(10);
    expect(again.events).toEqual(first.events);
    expect(again.bytes.equals(first.bytes)).toBe(true);
    expect(other.events).not.toEqual(first.events);
  });

  test("takes the plan of each connection by its number", async () => {
    await using server = await listen();
    const cut: FaultRule[] = [{ fault: "cut", direction: "toServer", after: 3 }];
    await using proxy = await startFaultProxy({
      port: server.port,
      seed: 1,
      plan: (connection) => (connection === 0 ? cut : []),
    });
    const received: number[] = [];
    for (let connection = 0; connection < 2; connection++) {
      const client = connect(proxy.port, proxy.host);
      client.end("123456");
      received.push((await collect(await server.accepted())).length);
      client.destroy();
    }
    expect(received).toEqual([3, 6]);
  });

  test("breaks the client's connection where there is no server, or it breaks its own", async () => {
    const gone = await listen();
    await gone[Symbol.asyncDispose]();
    await using proxy = await startFaultProxy({ port: gone.port, seed: 1, plan: [] });
    await expect(buffer(connect(proxy.port, proxy.host))).rejects.toThrow("ECONNRESET");

    await using joined = await join([]);
    const failed = once(joined.client, "error");
    resetSocket(joined.server);
    expect((await failed)[0]).toMatchObject({ code: "ECONNRESET" });
  });

  test("leaves no socket and no timer behind when it closes amid stalls and full buffers", async () => {
    // What the tests before have closed may take a turn to go.
    while (sockets() > 0) await nextTurn();
    const before = timers();
    const joined = await join([
      { fault: "stall", direction: "toClient", after: 10, ms: 1_000_000 },
      { fault: "delay", direction: "toServer", after: 100_000, ms: 1_000_000 },
    ]);
    const { client, server, proxy } = joined;
    // Nobody reads: what does not fit into the system's buffers waits in the proxy.
    for (let count = 0; count < 100; count++) {
      client.write(DATA);
      server.write(DATA);
    }
    while (proxy.counts().toServer.delay + proxy.counts().toClient.stall < 2) await nextTurn();
    await proxy.close();
    await proxy.close();
    // Vitest has one now and then, which goes soon.
    while (timers() > before) await nextTurn();
    await joined[Symbol.asyncDispose]();
    while (sockets() > 0) await nextTurn();
  });

  test("says when it closes what failed in the plan", async () => {
    await using server = await listen();
    const proxy = await startFaultProxy({
      port: server.port,
      seed: 1,
      plan: () => {
        throw new Error("no plan");
      },
    });
    const client = connect(proxy.port, proxy.host);
    expect(await collect(client)).toEqual(Buffer.alloc(0));
    await expect(proxy.close()).rejects.toThrow("no plan");
  });

  test.each<[string, FaultRule]>([
    ["after -1", { fault: "cut", after: -1 }],
    ["every 0", { fault: "corrupt", every: 0 }],
    ["ms NaN", { fault: "stall", after: 0, ms: Number.NaN }],
    ["Infinity ms", { fault: "delay", after: 0, ms: Number.POSITIVE_INFINITY }],
    ["2147483648 ms", { fault: "stall", after: 0, ms: 2 ** 31 }],
    ["bytes 0", { fault: "split", after: 0, bytes: 0 }],
  ])("refuses %s", async (what, rule) => {
    const refused = startFaultProxy({ port: 1, seed: 1, plan: [rule] });
    await expect(refused).rejects.toThrow(RangeError);
    await expect(refused).rejects.toThrow(what);
  });
});

describe("Flow", () => {
  test("splits into pieces of at most so many bytes, over so many", async () => {
    const pieces: number[] = [];
    const sink = (): Duplex =>
      new Duplex({
        read() {},
        write(chunk: Buffer, _encoding, done) {
          pieces.push(chunk.length);
          done();
        },
      });
    const [client, server] = [sink(), sink()];
    const rules: FaultRule[] = [{ fault: "split", after: 10, bytes: 4, over: 100 }];
    const link = new Link(client as Socket, server as Socket);
    const flow = new Flow(link, "toServer", new Schedule(rules, "toServer", 1), {
      passed: () => {},
      happened: () => {},
    });
    client.push(DATA.subarray(0, 1000));
    client.push(null);
    await flow.run();
    const small = pieces.slice(1, -1);
    expect(pieces[0]).toBe(10);
    expect(small.reduce((sum, length) => sum + length, 0)).toBe(100);
    expect(Math.max(...small)).toBe(4);
    expect(Math.min(...small)).toBe(1);
    expect(pieces.at(-1)).toBe(890);
  });
});
