// What no client of ours would send, byte by byte, against a live server.

import { once } from "node:events";
import { existsSync } from "node:fs";
import { truncate, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { peakRssKib } from "@fileshare/peers";
import { encodeFrame, encodeFrameHeader, Mensaje, type MensajeErrorCode } from "@fileshare/protocol";
import { describe, expect, test } from "vitest";
import type { Servidor } from "../src/index.js";
import { serveApart } from "./support/child.js";
import { type Client, connectTo, dataOf, plainSocket, untilClosed } from "./support/client.js";
import { openFiles } from "./support/held.js";
import { bytesOf, errorReply, int, mensaje, NONE, request, str } from "./support/pickles.js";
import { folderWith, next, record, served } from "./support/served.js";

const files = { "a.txt": "alfa" };
const refusal = new Mensaje({ estado: "error" });

/** The connection is still in step. */
async function goesOn(client: Client): Promise<void> {
  expect((await client.download("a.txt"))?.toString()).toBe("alfa");
}

/** Random bytes, the same in every run. */
function garbage(seed: number, length: number): Uint8Array {
  let state = seed * 2_654_435_761 + 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

/** An 8-byte little-endian length. */
function length8(value: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.toString("latin1");
}

const pwned = "fileshare-test-pwned";

const payloads: readonly (readonly [what: string, code: MensajeErrorCode, payload: Uint8Array])[] = [
  ["a byte that is no opcode", "MALFORMED", Uint8Array.of(0xff)],
  ["text", "MALFORMED", bytesOf("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")],
  ["JSON", "MALFORMED", bytesOf('{"operacion":"listar"}')],
  ["zeros", "MALFORMED", new Uint8Array(1000)],
  ["a protocol that is not known", "MALFORMED", bytesOf("\x80\x06N.")],
  ["a pickle that ends nowhere", "MALFORMED", bytesOf("\x80\x03N")],
  ["a pickle of nothing", "MALFORMED", bytesOf(".")],
  ["a call of os.system", "MALFORMED", bytesOf(`cos\nsystem\n(${str(`touch ${pwned}`)}tR.`)],
  [
    "a call of os.system in protocol 4",
    "MALFORMED",
    bytesOf(`\x80\x04\x8c\x02os\x8c\x06system\x93${str(`touch ${pwned}`)}\x85R.`),
  ],
  ["a call of eval", "MALFORMED", bytesOf(`c__builtin__\neval\n(${str("1")}tR.`)],
  ["a call of os.system with INST", "MALFORMED", bytesOf(`(${str(`touch ${pwned}`)}ios\nsystem\n.`)],
  ["a class of another name", "MALFORMED", bytesOf("\x80\x03c__main__\nOtro\n)\x81.")],
  ["a class within Mensaje", "MALFORMED", bytesOf("\x80\x04\x8c\x08__main__\x8c\x0dMensaje.clase\x93)\x81.")],
  ["a persistent id", "MALFORMED", bytesOf("P1\n.")],
  ["an extension code", "MALFORMED", bytesOf("\x82\x01.")],
  ["an out-of-band buffer", "MALFORMED", bytesOf("\x80\x05\x97.")],
  ["a str longer than the frame", "MALFORMED", bytesOf("X\xff\xff\xff\x7fabc.")],
  ["bytes longer than memory", "MALFORMED", bytesOf(`\x8e${length8(2n ** 62n)}abc.`)],
  ["a frame longer than memory", "MALFORMED", bytesOf(`\x80\x04\x95${length8(2n ** 63n)}N.`)],
  ["a negative length", "MALFORMED", bytesOf("T\xff\xff\xff\xffabc.")],
  ["a memo entry far out", "MALFORMED", bytesOf("Nr\xff\xff\xff\x7f.")],
  ["a memo entry that is not there", "MALFORMED", bytesOf("h\x05.")],
  ["100,000 lists in one another", "MALFORMED", bytesOf(`${"](".repeat(100_000)}${"e".repeat(100_000)}.`)],
  ["100,000 marks", "MALFORMED", bytesOf(`${"(".repeat(100_000)}.`)],
  ["tuples that double 60 times", "MALFORMED", bytesOf(`N${"2\x86".repeat(60)}.`)],
  ["None", "NOT_A_MENSAJE", bytesOf("N.")],
  ["a dict", "NOT_A_MENSAJE", bytesOf(`\x80\x03}(${str("operacion")}${str("listar")}u.`)],
  ["a list of a Mensaje", "NOT_A_MENSAJE", bytesOf("\x80\x03](c__main__\nMensaje\n)\x81e.")],
  ["the class itself", "NOT_A_MENSAJE", bytesOf("\x80\x03c__main__\nMensaje\n.")],
  ["an operacion that is an int", "BAD_ATTRIBUTE", mensaje(int(7))],
  ["an operacion that is bytes", "BAD_ATTRIBUTE", mensaje("C\x06listar")],
  ["an operacion that is a list", "BAD_ATTRIBUTE", mensaje("]")],
  ["an operacion that is a Mensaje", "BAD_ATTRIBUTE", mensaje("c__main__\nMensaje\n)\x81")],
  ["an estado that is a bool", "BAD_ATTRIBUTE", mensaje(str("listar"), NONE, "\x88")],
  ["a state that is a list", "BAD_ATTRIBUTE", bytesOf("\x80\x03c__main__\nMensaje\n)\x81](NNeb.")],
  [
    "a name of an attribute that is an int",
    "BAD_ATTRIBUTE",
    bytesOf("\x80\x03c__main__\nMensaje\n)\x81}(K\x01Nub."),
  ],
  ["arguments for the class", "BAD_ATTRIBUTE", bytesOf("\x80\x03c__main__\nMensaje\nN\x85\x81.")],
];

describe("A payload", () => {
  test.each(payloads)(
    "that is %s (%s) is answered with an error, and the connection goes on",
    async (_, code, payload) => {
      const { servidor, port } = await served({ files });
      const told = record(servidor);
      const client = await connectTo(port);
      await client.send(encodeFrame(payload));
      expect(await client.payload()).toEqual(errorReply);
      await goesOn(client);
      expect(told.slice(0, 2)).toMatchObject([
        ["connected", {}],
        ["refused", { operacion: null, error: { code } }],
      ]);
      expect(existsSync(pwned)).toBe(false);
    },
  );

  test("that is a request cut short at any offset is answered with an error, and the connection goes on", async () => {
    const { port } = await served({ files });
    const client = await connectTo(port);
    const payload = mensaje(str("descargar"), str("a.txt"));
    for (let end = 1; end < payload.length; end++) {
      await client.send(encodeFrame(payload.subarray(0, end)));
      expect(await client.receive(), `cut at ${end}`).toEqual(refusal);
    }
    await goesOn(client);
  });

  test("that is garbage is answered with an error, and the connection goes on", async () => {
    const { port } = await served({ files });
    const client = await connectTo(port);
    for (let seed = 0; seed < 200; seed++) {
      await client.send(encodeFrame(garbage(seed, 1 + (seed % 64) * seed)));
      expect(await client.receive(), `garbage ${seed}`).toEqual(refusal);
    }
    await goesOn(client);
  });

  test("with more behind its pickle is taken, as Python takes it", async () => {
    const { port } = await served({ files });
    const client = await connectTo(port);
    const payload = mensaje(str("descargar"), str("a.txt"));
    await client.send(encodeFrame(Buffer.concat([payload, request("listar")])));
    expect((await dataOf(await client.receive()))?.toString()).toBe("alfa");
    await goesOn(client);
  });

  test.each([
    ["None", NONE],
    ["an int", int(1)],
    ["bytes", "C\x05a.txt"],
    ["a list", `](${str("a.txt")}e`],
    ["a Mensaje", "c__main__\nMensaje\n)\x81"],
  ])("that asks for a file by %s is answered with an error, and the connection goes on", async (_, data) => {
    const { servidor, port } = await served({ files });
    const refused = next(servidor, "refused");
    const client = await connectTo(port);
    await client.send(encodeFrame(mensaje(str("descargar"), data)));
    expect(await client.receive()).toEqual(refusal);
    expect(await refused).toMatchObject({ operacion: "descargar", error: { name: "TypeError" } });
    await goesOn(client);
  });

  test("that asks for a list with data is answered with an error, and the connection goes on", async () => {
    const { port } = await served({ files });
    const client = await connectTo(port);
    expect(await client.ask("listar", "a.txt")).toEqual(refusal);
    await goesOn(client);
  });

  test.each(["../a.txt", "/etc/passwd", "a.txt\0", "\u{FFFD}", "a".repeat(1_000_000)])(
    "that asks for a file %# by no name of its own is answered with an error",
    async (name) => {
      const { port } = await served({ files });
      const client = await connectTo(port);
      expect(await client.ask("descargar", name)).toEqual(refusal);
      await goesOn(client);
    },
  );
});

describe("A frame", () => {
  /** A request of exactly so many bytes, without its header. */
  const ofLength = (length: number): Uint8Array => {
    const shortest = mensaje(str("descargar"), str("")).length;
    return mensaje(str("descargar"), str("a".repeat(length - shortest)));
  };

  test("of maxRequestBytes is taken", async () => {
    const { servidor, port } = await served({ files, maxRequestBytes: 4096 });
    const asked = next(servidor, "request");
    const client = await connectTo(port);
    await client.send(encodeFrame(ofLength(4096)));
    expect(await asked).toMatchObject({ operacion: "descargar" });
    expect(await client.receive()).toEqual(refusal);
    await goesOn(client);
  });

  test.each([
    ["one byte over maxRequestBytes", 4097],
    ["four gigabytes", 2 ** 32 - 1],
  ])("of %s gets a last word, and is the end", async (_, length) => {
    const { servidor, port } = await served({ files, maxRequestBytes: 4096 });
    const told = record(servidor);
    const closed = next(servidor, "closed");
    const socket = await plainSocket(port);
    socket.write(encodeFrameHeader(length));
    expect(new Uint8Array(await untilClosed(socket))).toEqual(encodeFrame(errorReply));
    await closed;
    expect(told).toMatchObject([
      ["connected", {}],
      ["refused", { error: { code: "FRAME_TOO_LONG", length, maxFrameBytes: 4096 } }],
      ["failed", { error: { code: "FRAME_TOO_LONG" } }],
      ["closed", {}],
    ]);
  });

  test("that is too long gets its last word though much of it was sent already", async () => {
    const { port } = await served({ files });
    const socket = await plainSocket(port);
    socket.write(encodeFrame(new Uint8Array(8 * 1024 * 1024)));
    const reply = await untilClosed(socket);
    expect(new Uint8Array(reply)).toEqual(encodeFrame(errorReply));
  });

  test("of no length is a good-bye", async () => {
    const { servidor, port } = await served({ files });
    const told = record(servidor);
    const closed = next(servidor, "closed");
    const socket = await plainSocket(port);
    socket.write(new Uint8Array(4));
    expect(await untilClosed(socket)).toHaveLength(0);
    await closed;
    expect(told.map(([name]) => name)).toEqual(["connected", "closed"]);
  });

  test("may come byte by byte", async () => {
    const { port } = await served({ files });
    const client = await connectTo(port);
    client.socket.setNoDelay(true);
    for (const byte of Buffer.concat([request("listar"), request("descargar", "a.txt")])) {
      await client.send(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await client.receive())?.data).toEqual(["a.txt"]);
    expect((await dataOf(await client.receive()))?.toString()).toBe("alfa");
  });

  test("may come in one segment with others", async () => {
    const { port } = await served({ files });
    const client = await connectTo(port);
    const broken = encodeFrame(bytesOf("no pickle"));
    await client.send(
      request("listar"),
      broken,
      request("descargar", "a.txt"),
      request("listar").subarray(0, 3),
    );
    expect((await client.receive())?.data).toEqual(["a.txt"]);
    expect(await client.receive()).toEqual(refusal);
    expect((await dataOf(await client.receive()))?.toString()).toBe("alfa");
    await client.send(request("listar").subarray(3));
    expect((await client.receive())?.data).toEqual(["a.txt"]);
  });

  test.each([
    ["in its header", request("listar").subarray(0, 2)],
    ["after its header", request("listar").subarray(0, 4)],
    ["in its payload", request("listar").subarray(0, 40)],
    ["in a payload that was refused already", encodeFrame(new Uint8Array(100)).subarray(0, 50)],
  ])("that the client ends %s ends the connection", async (_, start) => {
    const { servidor, port } = await served({ files });
    const told = record(servidor);
    const closed = next(servidor, "closed");
    const socket = await plainSocket(port);
    socket.end(start);
    expect(await untilClosed(socket)).toHaveLength(0);
    await closed;
    expect(told).toMatchObject([
      ["connected", {}],
      ["failed", { error: { code: "CUT" } }],
      ["closed", {}],
    ]);
  });
});

describe("A client that falls silent", () => {
  test.each([
    ["in a header", request("listar").subarray(0, 2)],
    ["after a header", request("listar").subarray(0, 4)],
    ["in a payload", request("listar").subarray(0, 40)],
    ["in a payload that was refused already", encodeFrame(new Uint8Array(100)).subarray(0, 50)],
  ])("%s is cut after stallMs", async (_, start) => {
    const { servidor, port } = await served({ files, stallMs: 50 });
    const failed = next(servidor, "failed");
    const socket = await plainSocket(port);
    socket.write(start);
    expect(await untilClosed(socket)).toHaveLength(0);
    expect(await failed).toMatchObject({ error: { code: "STALLED" } });
  });

  test("between requests is not cut", async () => {
    const { servidor, port } = await served({ files, stallMs: 50 });
    const [fresh, asked] = [await connectTo(port), await connectTo(port)];
    await goesOn(asked);
    // As long as these take to be cut, the others are silent.
    for (let i = 0; i < 4; i++) {
      const failed = next(servidor, "failed");
      const stalled = await plainSocket(port);
      stalled.write(Uint8Array.of(0));
      await untilClosed(stalled);
      expect(await failed).toMatchObject({ error: { code: "STALLED" } });
    }
    await goesOn(fresh);
    await goesOn(asked);
  });

  test("and reads no reply is cut after stallMs, and costs little memory until then", async () => {
    const folder = await folderWith(files);
    await writeFile(join(folder, "enorme"), "");
    await truncate(join(folder, "enorme"), 2 ** 31);
    const server = await serveApart({ folder, stallMs: 500 });
    const sockets = await Promise.all(Array.from({ length: 20 }, () => plainSocket(server.port)));
    for (const socket of sockets) {
      socket.pause();
      // More than one is asked for, and none is read.
      for (let i = 0; i < 100; i++) socket.write(request("descargar", "enorme"));
    }
    const cut = await server.child.until(() => {
      const failed = server.told().filter(([name]) => name === "failed");
      return failed.length === sockets.length ? failed : undefined;
    });
    expect(new Set(cut.map(([, code]) => code))).toEqual(new Set(["STALLED"]));
    expect(server.told().filter(([name]) => name === "sent")).toEqual([]);
    await goesOn(await connectTo(server.port));
    // Node alone takes some 50 to 80 MiB, and all these files 48: two pieces each, of 1 MiB where there are many.
    expect(peakRssKib(server.child.pid) ?? 0).toBeLessThan(144 * 1024);
  });
});

describe("The server", () => {
  test("lets go of a file whose receiver resets the connection", async () => {
    const folder = await folderWith(files);
    await writeFile(join(folder, "enorme"), "");
    await truncate(join(folder, "enorme"), 2 ** 31);
    const { servidor, port } = await served({ folder });
    await answeredOnce(servidor, port);
    const told = record(servidor);
    const before = openFiles();
    for (let i = 0; i < 20; i++) {
      const closed = next(servidor, "closed");
      const socket = await plainSocket(port);
      socket.write(request("descargar", "enorme"));
      await once(socket, "data");
      socket.resetAndDestroy();
      await closed;
    }
    expect(openFiles()).toEqual(before);
    expect(told.filter(([name]) => name === "failed")).toHaveLength(20);
    expect(told.filter(([name]) => name === "sent")).toEqual([]);
  });

  test("lives through 1,000 connections that send garbage, and keeps nothing of them", async () => {
    const { servidor, port } = await served({ files });
    await answeredOnce(servidor, port);
    const before = openFiles();
    let connected = 0;
    let closed = 0;
    servidor.on("connected", () => connected++);
    const allClosed = next(servidor, "closed", () => ++closed === 1000);
    const one = async (seed: number): Promise<void> => {
      const socket = connect(port, "127.0.0.1");
      socket.end(Buffer.concat(hostileStart(seed)));
      await untilClosed(socket);
    };
    for (let seed = 0; seed < 1000; seed += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, i) => one(seed + i)));
    }
    await allClosed;
    expect(connected).toBe(1000);
    expect(openFiles()).toEqual(before);
    await goesOn(await connectTo(port));
  });

  test("lives on when it may open no more files", async () => {
    const folder = await folderWith(files);
    const server = await serveApart({ folder }, 48);
    // Ten are held until all ten were dealt with, while ninety more press in: those that find no place are turned away, or
    // wait until the ten have gone.
    let waiting = 10;
    let enough = (): void => {};
    const someAnswered = new Promise<void>((resolve) => {
      enough = resolve;
    });
    const one = async (): Promise<void> => {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(request("descargar", "a.txt"));
      // It is answered, well or with an error, or turned away.
      await new Promise((resolve) => socket.once("data", resolve).once("close", resolve));
      waiting -= 1;
      if (waiting === 0) enough();
      await someAnswered;
      socket.destroy();
    };
    await Promise.all(Array.from({ length: 100 }, one));
    await server.child.until(() => {
      const count = (wanted: string): number => server.told().filter(([name]) => name === wanted).length;
      return count("connected") > 0 && count("connected") === count("closed") ? true : undefined;
    });
    await goesOn(await connectTo(server.port));
  });
});

/** What is opened once, whatever comes, is open after this. */
async function answeredOnce(servidor: Servidor, port: number): Promise<void> {
  const closed = next(servidor, "closed");
  const client = await connectTo(port);
  await goesOn(client);
  await client.end();
  await closed;
}

/** How a hostile client begins: in a different way for each seed. */
function hostileStart(seed: number): Uint8Array[] {
  const bytes = garbage(seed, 1 + (seed % 500));
  switch (seed % 4) {
    case 0:
      return [bytes];
    case 1:
      return [encodeFrame(bytes), encodeFrame(bytes)];
    case 2:
      return [request("descargar", "a.txt"), encodeFrame(bytes).subarray(0, bytes.length)];
    default:
      return [request(Buffer.from(bytes).toString("latin1")), request("listar").subarray(0, seed % 60)];
  }
}
