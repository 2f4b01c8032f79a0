import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { peakRssKib } from "@fileshare/peers";
import { encodeFrame, encodeFrameHeader, type PyValue } from "@fileshare/protocol";
import { encode, PyByteArray, PyDict, PyTuple } from "@fileshare/protocol/pickle";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Cliente, RefusedError, ReplyError } from "../src/index.js";
import { type Answer, framed, ok, pickled, type RawServer, rawServer, sends } from "./raw-server.js";
import { clienteOf, expectFile, folder, noise } from "./served.js";

const KiB = 1024;
const MiB = 1024 * 1024;

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");

/** What a Mensaje's pickle begins with, up to the value of its `data`. */
const toData = "\x80\x03c__main__\nMensaje\n)\x81}(X\x04\x00\x00\x00data";
/** And what follows on that value. */
const afterData = "X\x06\x00\x00\x00estadoX\x02\x00\x00\x00okub.";

/** A reply whose `data` is what these opcodes leave on the stack. */
function opcodes(...code: readonly (string | Uint8Array)[]): Uint8Array {
  return encodeFrame(
    Buffer.concat([toData, ...code, afterData].map((part) => Buffer.from(part as string, "latin1"))),
  );
}

function uint32le(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Writes a chunk over and over, as fast as it is taken, until the client has had enough. */
function floods(start: Uint8Array, chunk: Uint8Array): Answer {
  return (socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on("drain", more);
    socket.write(start);
    more();
  };
}

const file = ok(noise(200 * KiB));
const list = ok(["a", "b"]);

/** A list in a list in a list. */
const nested = (depth: number): Uint8Array => latin1("]".repeat(depth) + "a".repeat(depth - 1));

/** Tuples of two references to the tuple before: as a tree, 2 to the power of `doublings` of them. */
const laughs = (doublings: number): string => {
  let code = ")q\x00";
  for (let i = 0; i < doublings; i++)
    code += `h${String.fromCharCode(i)}h${String.fromCharCode(i)}\x86q${String.fromCharCode(i + 1)}`;
  return code;
};

const resets: Answer = (socket) => void socket.resetAndDestroy();

interface Row {
  readonly what: string;
  readonly answer: Answer;
  /** The code of the error that a request for a list, and for a file, ends in. */
  readonly list: string;
  readonly file: string;
}

function row(what: string, answer: Answer, code: string, fileCode: string = code): Row {
  return { what, answer, list: code, file: fileCode };
}

const rows: readonly Row[] = [
  row("closes without a reply", (socket) => void socket.end(), "CUT"),
  row("resets instead of a reply", resets, "LOST"),
  row("closes in the header", (socket) => void socket.end(file.subarray(0, 2)), "CUT"),
  row("closes after the header", (socket) => void socket.end(file.subarray(0, 4)), "CUT"),
  row("closes in the data", (socket) => void socket.end(file.subarray(0, 100 * KiB)), "BAD_REPLY", "CUT"),
  row("closes one byte early", (socket) => void socket.end(file.subarray(0, -1)), "BAD_REPLY", "CUT"),
  row("closes in a list", (socket) => void socket.end(list.subarray(0, -8)), "CUT"),
  row("sends a reply of no length", sends(encodeFrameHeader(0)), "CUT"),
  row("speaks HTTP", sends(latin1("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")), "BAD_REPLY"),
  row("sends noise", sends(noise(4 * KiB)), "BAD_REPLY"),
  row("sends 0xff for ever", floods(Buffer.alloc(0), Buffer.alloc(MiB, 0xff)), "BAD_REPLY"),
  row("sends zeros for ever", floods(Buffer.alloc(0), Buffer.alloc(MiB)), "CUT"),
  row("announces 4 GiB and falls silent", sends(encodeFrameHeader(2 ** 32 - 1)), "STALLED"),
  row(
    "announces a str of 2 GiB",
    sends(encodeFrameHeader(2 ** 32 - 1), latin1(`${toData}X`), uint32le(2 ** 31), noise(KiB)),
    "BAD_REPLY",
  ),
  row(
    "announces bytes of 8 EiB",
    sends(encodeFrameHeader(2 ** 32 - 1), latin1(`${toData}\x8e${"\xff".repeat(7)}\x7f`), noise(KiB)),
    "BAD_REPLY",
  ),
  row(
    "sends data that is longer than its frame",
    sends(opcodes("B", uint32le(300 * KiB), noise(200 * KiB))),
    "BAD_REPLY",
  ),
  row(
    "sends a pickle that ends in its middle",
    sends(encodeFrame(pickled({ data: [] }).subarray(0, -9))),
    "BAD_REPLY",
  ),
  row("sends an empty pickle", sends(encodeFrame(latin1("."))), "BAD_REPLY"),
  row("sends lists in lists in lists", sends(opcodes(nested(100_000))), "BAD_REPLY"),
  row("sends tuples that double 200 times", sends(opcodes(laughs(200))), "BAD_REPLY"),
  row("names a memo entry of 4 billion", sends(opcodes("Nr", uint32le(2 ** 32 - 1))), "BAD_REPLY"),
  row("names a memo entry that is not there", sends(opcodes("h\x07")), "BAD_REPLY"),
  row("sends an int of a million digits", sends(opcodes(`I${"9".repeat(1_000_000)}\n`)), "BAD_REPLY"),
  row(
    "sends a list of more than may be held",
    sends(ok(Array.from({ length: 300 }, (_, i) => `${i}`.padEnd(64 * KiB, "x")))),
    "BAD_REPLY",
  ),
  row("sends a call of os.system", sends(encodeFrame(latin1("cos\nsystem\n(S'echo'\ntR."))), "BAD_REPLY"),
  row("sends os.system as the data", sends(opcodes("cos\nsystem\n")), "BAD_REPLY"),
  row(
    "calls its class with arguments",
    sends(encodeFrame(latin1("\x80\x03c__main__\nMensaje\nK\x01\x85\x81."))),
    "BAD_REPLY",
  ),
  row("sends a pickle of something else", sends(encodeFrame(encode(["a", "b"]))), "BAD_REPLY"),
  row("sends another class", sends(encodeFrame(latin1("\x80\x03c__main__\nMensajero\n)\x81."))), "BAD_REPLY"),
  row("sends no attributes", sends(framed({})), "REFUSED"),
  row("sends no estado", sends(framed({ data: noise(200 * KiB) })), "BAD_REPLY", "REFUSED"),
  row("sends no estado with a list", sends(framed({ data: ["a"] })), "REFUSED"),
  row("sends no estado with a small file", sends(framed({ data: noise(KiB) })), "REFUSED"),
  row(
    "sends estado error after a file",
    sends(framed({ data: noise(200 * KiB), estado: "error" })),
    "BAD_REPLY",
    "REFUSED",
  ),
  row(
    "sends estado error before a file",
    sends(framed({ estado: "error", data: noise(200 * KiB) })),
    "REFUSED",
  ),
  row(
    "sends estado error before a large file",
    sends(framed({ estado: "error", data: noise(2 * MiB) })),
    "REFUSED",
  ),
  row("sends an estado that is no str", sends(framed({ data: noise(200 * KiB), estado: 200 })), "BAD_REPLY"),
  row("sends a list in which an int stands", sends(ok(["a", 1])), "BAD_REPLY"),
  row("sends a list of bytes", sends(ok([noise(3)])), "BAD_REPLY"),
  row("sends a str", sends(ok("un texto")), "BAD_REPLY"),
  row("sends a dict", sends(ok(new PyDict([["a", "b"]]))), "BAD_REPLY"),
  row("sends None", sends(ok(null)), "BAD_REPLY"),
  row("sends a float", sends(ok(0.5)), "BAD_REPLY"),
];

const asks: readonly ["list" | "file", (cliente: Cliente, into: string) => Promise<unknown>][] = [
  ["list", (cliente) => cliente.pedirListaArchivos({ retries: 0 })],
  ["file", (cliente, into) => cliente.descargarArchivo("x", { folder: into })],
];

describe.each(asks)("A server asked for a %s that", (kind, ask) => {
  const named = rows.map((each) => [each.what, each] as const);
  it.each(named)("%s: an error says so, nothing is left, and the client goes on", async (_, each) => {
    const server = await rawServer(each.answer, sends(list));
    const cliente = clienteOf(server, { stallMs: 1000 });
    const into = await folder();
    const error = await ask(cliente, into).then(
      () => "it was accepted",
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: each[kind] });
    expect(await readdir(into)).toEqual([]);
    expect(await cliente.pedirListaArchivos()).toEqual(["a", "b"]);
    // Only a refusal is something that a server in its right mind says.
    if (each[kind] !== "REFUSED") expect(server.sockets).toHaveLength(2);
  });
});

describe("A reply", () => {
  async function served(
    ...replies: readonly Uint8Array[]
  ): Promise<{ server: RawServer; cliente: Cliente; into: string }> {
    const server = await rawServer(...replies.map((reply) => sends(reply)));
    return { server, cliente: clienteOf(server), into: await folder() };
  }

  it("that is no Mensaje tells its cause", async () => {
    const { cliente } = await served(opcodes("cos\nsystem\n"));
    const error = await cliente.pedirListaArchivos().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ cause: { code: "MALFORMED", cause: { code: "UNKNOWN_CLASS" } } });
    expect((error as Error).message).toContain("os.system");
  });

  it("that breaks off after the data of a file is no download", async () => {
    const content = noise(200 * KiB);
    const broken = encodeFrame(
      Buffer.concat([latin1(`${toData}B`), uint32le(content.length), content, latin1("cos\nsystem\n.")]),
    );
    const { server, cliente, into } = await served(broken, list);
    const error = await cliente.descargarArchivo("x", { folder: into }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ReplyError);
    expect(await readdir(into)).toEqual([]);
    expect(await cliente.pedirListaArchivos()).toEqual(["a", "b"]);
    expect(server.sockets).toHaveLength(2);
  });

  it("that refuses a small file, or a large one beforehand, leaves the connection usable", async () => {
    const { server, cliente, into } = await served(
      framed({ data: noise(200 * KiB), estado: "error" }),
      framed({ estado: "error", data: noise(200 * KiB) }),
      framed({ operacion: null, data: null, estado: "no hoy" }),
      list,
    );
    for (const estado of ["error", "error", "no hoy"]) {
      const error = await cliente.descargarArchivo("x", { folder: into }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(RefusedError);
      expect(error).toMatchObject({ estado });
    }
    expect(await readdir(into)).toEqual([]);
    expect(await cliente.pedirListaArchivos()).toEqual(["a", "b"]);
    expect(server.sockets).toHaveLength(1);
  });

  it("may carry bytes behind its pickle: they are ignored, as Python does", async () => {
    const extra = (bytes: number): Uint8Array =>
      encodeFrame(Buffer.concat([pickled({ data: ["a"], estado: "ok" }), noise(bytes)]));
    const { server, cliente } = await served(extra(1), extra(100 * KiB), extra(3 * MiB), list);
    for (let i = 0; i < 3; i++) expect(await cliente.pedirListaArchivos()).toEqual(["a"]);
    expect(await cliente.pedirListaArchivos()).toEqual(["a", "b"]);
    // More than a MiB of it is not worth reading.
    expect(server.sockets).toHaveLength(2);
  });

  it("may have a tuple for a list, a bytearray for bytes, and attributes that nobody knows", async () => {
    const content = noise(100 * KiB);
    const { server, cliente, into } = await served(
      framed({ zeta: new PyTuple([1]), data: new PyTuple(["a"]), estado: "ok", eta: null }),
      ok(new PyByteArray(content)),
      framed({ zeta: 1, data: content, estado: "ok" }),
    );
    expect(await cliente.pedirListaArchivos()).toEqual(["a"]);
    for (const nombre of ["x", "y"]) {
      const { path } = await cliente.descargarArchivo(nombre, { folder: into });
      await expectFile(path, content);
    }
    expect(server.sockets).toHaveLength(1);
  });

  it("may come byte by byte", async () => {
    const write = (socket: Socket, bytes: Uint8Array): Promise<void> =>
      new Promise((resolve) => socket.write(bytes, () => resolve()));
    const trickles =
      (reply: Uint8Array): Answer =>
      async (socket) => {
        socket.setNoDelay(true);
        for (let i = 0; i < 300; i++) await write(socket, reply.subarray(i, i + 1));
        await write(socket, reply.subarray(300, -300));
        for (let i = reply.length - 300; i < reply.length; i++) await write(socket, reply.subarray(i, i + 1));
      };
    const content = noise(200 * KiB);
    const names = Array.from({ length: 100 }, (_, i) => `año ${i} 文件 😀`);
    const server = await rawServer(trickles(ok(names)), trickles(ok(content)), trickles(ok(noise(KiB))));
    const cliente = clienteOf(server);
    const into = await folder();
    expect(await cliente.pedirListaArchivos()).toEqual(names);
    await expectFile((await cliente.descargarArchivo("x", { folder: into })).path, content);
    await expectFile((await cliente.descargarArchivo("y", { folder: into })).path, noise(KiB));
    expect(server.sockets).toHaveLength(1);
  });

  it("that nobody asked for is checked as any other, and then costs the connection", async () => {
    const { server, cliente, into } = await served(Buffer.concat([list, list]), ok(noise(KiB)));
    expect(await cliente.pedirListaArchivos()).toEqual(["a", "b"]);
    const download = (): Promise<unknown> => cliente.descargarArchivo("x", { folder: into });
    await expect(download()).rejects.toBeInstanceOf(ReplyError);
    expect(await readdir(into)).toEqual([]);
    await download();
    await expectFile(join(into, "x"), noise(KiB));
    expect(server.sockets).toHaveLength(2);
  });
});

describe("A server of old that ends the connection over a file", () => {
  it.each([
    [{}, 2],
    [{ retries: 1 }, 3],
  ])("is asked for it by a sync, told %j, %d times", async (options, times) => {
    // The connection that gave the list may have been at its end: the first time does not count.
    const list = sends(ok(["a"]));
    const ends = Array.from({ length: times }, (): Answer => (socket) => void socket.end());
    // Then it is asked whether it is there at all.
    const server = await rawServer(list, ...ends, list);
    const { failed } = await clienteOf(server).sincronizar(await folder(), options);
    expect(failed).toMatchObject([{ nombre: "a", error: { code: "CUT" } }]);
    const asked = server.payloads.filter((payload) => Buffer.from(payload).includes("descargar"));
    expect(asked).toHaveLength(times);
  });
});

describe("A hostile name in a list", () => {
  const names = [
    "../../x",
    "../x",
    "/abs",
    "a/../b",
    "a/",
    "./x",
    "a\\b",
    "..\\x",
    "C:\\x",
    "..",
    ".",
    "",
    "\0",
    "x\0.txt",
    "\ud800",
    "x\udfff",
  ];
  it("is given as it is, and refused as a place to save at: nothing is asked, nothing written", async () => {
    const server = await rawServer(sends(ok(names as PyValue)), sends(ok(noise(10))));
    const cliente = clienteOf(server);
    const parent = await folder();
    const into = join(parent, "a", "b");
    await mkdir(into, { recursive: true });
    await writeFile(join(parent, "x"), "no se toca");

    expect(await cliente.pedirListaArchivos()).toEqual(names);
    for (const nombre of names) {
      await expect(cliente.descargarArchivo(nombre, { folder: into })).rejects.toMatchObject({
        name: "TargetError",
        code: "UNSAFE_NAME",
        path: nombre,
      });
    }
    expect(server.requests()).toBe(1);
    expect((await readdir(parent, { recursive: true })).sort()).toEqual(["a", "a/b", "x"]);
    await expectFile(join(parent, "x"), "no se toca");

    // It may still be asked for, to be saved under a name of the app's.
    const { path } = await cliente.descargarArchivo("../../x", { folder: into, saveAs: "x" });
    await expectFile(path, noise(10));
  });
});

describe("The memory of a client", () => {
  it("does not grow with what a server announces or sends", async () => {
    const endless = encodeFrameHeader(2 ** 32 - 1);
    const begin = latin1("\x80\x03c__main__\nMensaje\nq\x00");
    const answers: Answer[] = [
      floods(Buffer.concat([endless, latin1(`${toData}X`), uint32le(2 ** 31)]), noise(MiB)),
      floods(Buffer.concat([endless, latin1(`${toData}\x8b`), uint32le(2 ** 31 - 1)]), noise(MiB)),
      // Names, ints and None without an end, on the stack and in a list; a line without an end; a memo.
      floods(
        Buffer.concat([endless, latin1(`${toData}](`)]),
        Buffer.from(`X\x00\x01\x00\x00${"n".repeat(256)}`),
      ),
      floods(Buffer.concat([endless, latin1(`${toData}](`)]), Buffer.alloc(MiB, "K\x07")),
      floods(Buffer.concat([endless, latin1(`${toData}](`)]), Buffer.alloc(MiB, "N")),
      floods(Buffer.concat([endless, latin1(`${toData}]`)]), Buffer.alloc(MiB, "Na")),
      floods(Buffer.concat([endless, latin1(`${toData}V`)]), Buffer.alloc(MiB, "v")),
      floods(Buffer.concat([endless, latin1("\x80\x04N")]), Buffer.alloc(MiB, "\x94", "latin1")),
      // Values of one byte that take hundreds in memory: dicts, kept on the stack or in a list, and instances let go.
      floods(Buffer.concat([endless, latin1(`${toData}](`)]), Buffer.alloc(MiB, "}")),
      floods(Buffer.concat([endless, latin1(`${toData}]`)]), Buffer.alloc(MiB, "}a")),
      floods(Buffer.concat([endless, begin]), Buffer.alloc(5000, "h\x00)\x810", "latin1")),
      // Data that is not wanted: a file where a list was asked for.
      floods(Buffer.concat([endless, latin1(`${toData}B`), uint32le(2 ** 32 - 1000)]), noise(MiB)),
    ];
    const server = await rawServer(...answers);
    const script = fileURLToPath(new URL("./hostile-memory.mjs", import.meta.url));
    const child = spawn(process.execPath, [script, String(server.port), String(answers.length)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const closed = once(child, "close");
    const ends: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      if (line === "done") break;
      ends.push(line);
    }
    const peak = peakRssKib(child.pid ?? 0);
    child.stdin.end();
    await closed;
    expect(ends).toEqual(answers.map(() => "BAD_REPLY"));
    // Node itself takes some 60 MiB; 16 MiB of the worst pickle are some hundreds, until they are collected.
    if (peak !== undefined) expect(peak / KiB).toBeLessThan(640);
  });
});
