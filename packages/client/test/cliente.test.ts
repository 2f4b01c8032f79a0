import { once } from "node:events";
import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Mensaje, operaciones, type PyValue, text } from "@fileshare/protocol";
import { PyDict } from "@fileshare/protocol/pickle";
import { Servidor } from "@fileshare/server";
import { describe, expect, it } from "vitest";
import {
  Cliente,
  type ClienteOptions,
  ConexionError,
  Content,
  connect,
  type Progress,
  RefusedError,
  TargetError,
  type TargetVerb,
} from "../src/index.js";
import { ok, rawServer, sends, silence } from "./raw-server.js";
import { clienteOf, expectFile, folder, host, listening, noise, served } from "./served.js";

const KiB = 1024;
const MiB = 1024 * 1024;

const files = {
  "notas.txt": "uno\ndos\r\ntres\n",
  "foto.bin": Uint8Array.from({ length: 256 }, (_, i) => i),
  vacio: "",
  "año ñandú 文件 😀.txt": "¿qué tal?",
  "con espacios  dos.txt": "espacios",
  ".oculto": "oculto",
};

async function collect(content: Content): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

describe("Cliente", () => {
  it("connects, lists and downloads text, binary and empty files, whatever their names", async () => {
    const { port, connections } = await served(files);
    const into = await folder();
    await using cliente = await connect({ host, port });

    const names = await cliente.pedirListaArchivos();
    expect(names).toEqual(Object.keys(files).sort());
    for (const [name, content] of Object.entries(files)) {
      const path = join(into, name);
      const bytes = Buffer.byteLength(content);
      expect(await cliente.descargarArchivo(name, { folder: into })).toEqual({
        nombre: name,
        path,
        bytes,
        resumed: 0,
        skipped: false,
      });
      await expectFile(path, content);
    }
    expect((await readdir(into)).sort()).toEqual(names);
    expect(connections()).toBe(1);
  });

  const sizes = [
    1,
    64 * KiB - 1,
    64 * KiB,
    64 * KiB + 1,
    256 * KiB,
    MiB - 1,
    MiB,
    MiB + 1,
    2 * MiB,
    3 * MiB + 12_345,
    5 * MiB,
  ];
  it.each(sizes)("downloads and streams a file of %d bytes", async (size) => {
    const content = noise(size);
    const into = await folder();
    const cliente = clienteOf(await served({ fichero: content }));

    const told: Progress[] = [];
    const { path, bytes } = await cliente.descargarArchivo("fichero", {
      folder: into,
      onProgress: (progress) => told.push(progress),
    });
    expect(bytes).toBe(size);
    await expectFile(path, content);

    const received = told.map((progress) => progress.received);
    expect(received).toEqual(received.toSorted((a, b) => a - b));
    expect(told.at(-1)).toEqual({ nombre: "fichero", received: size, total: size });

    const streamed = await cliente.stream("fichero");
    expect(streamed.length).toBe(size);
    expect((await collect(streamed)).equals(content)).toBe(true);
  });

  it("downloads a hundred files over one connection", async () => {
    const hundred = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`f${i}`, noise((i * 7919) % 150_000)]),
    );
    const server = await served(hundred);
    const cliente = clienteOf(server);
    const into = await folder();
    for (const name of await cliente.pedirListaArchivos()) {
      await cliente.descargarArchivo(name, { folder: into });
    }
    for (const [name, content] of Object.entries(hundred)) await expectFile(join(into, name), content);
    expect(await readdir(into)).toHaveLength(100);
    expect(server.connections()).toBe(1);
  });

  it("serves fifty apps at once", async () => {
    const content = noise(300 * KiB);
    const server = await served({ comun: content, ...files });
    const into = await folder();
    const names = [...Object.keys(files), "comun"].sort();
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        await using cliente = await connect({ host, port: server.port });
        expect(await cliente.pedirListaArchivos()).toEqual(names);
        const { path } = await cliente.descargarArchivo("comun", { folder: into, saveAs: `comun-${i}` });
        await expectFile(path, content);
      }),
    );
    expect(await readdir(into)).toHaveLength(50);
    expect(server.connections()).toBe(50);
  });

  it("tells which operation was refused, and goes on over the same connection", async () => {
    const server = await served(files);
    const cliente = clienteOf(server);
    const into = await folder();
    for (const name of ["falta", "subcarpeta"]) {
      const error = await cliente.descargarArchivo(name, { folder: into }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(RefusedError);
      expect(error).toMatchObject({ code: "REFUSED", operacion: "descargar", estado: "error" });
      expect((error as Error).message).toContain(name);
    }
    expect(await readdir(into)).toEqual([]);
    await cliente.descargarArchivo("notas.txt", { folder: into });
    await expectFile(join(into, "notas.txt"), files["notas.txt"]);
    expect(server.connections()).toBe(1);
  });

  it("says which server it cannot reach", async () => {
    const { port, servidor } = await served();
    await servidor.close();
    const failed = connect({ host: "localhost", port });
    await expect(failed).rejects.toThrow(`Cannot connect to localhost:${port}: `);
    await expect(failed).rejects.toBeInstanceOf(ConexionError);
    await expect(failed).rejects.toMatchObject({ code: "UNREACHABLE" });
    const later = new Cliente({ host: "localhost", port });
    await expect(later.pedirListaArchivos()).rejects.toMatchObject({ code: "UNREACHABLE" });
  });
});

describe("Cliente", () => {
  it("refuses a folder without a name, and what is no text, before it asks for anything", async () => {
    const server = await served(files);
    const cliente = clienteOf(server);
    const none = undefined as unknown as string;
    await expect(cliente.descargarArchivo("notas.txt", { folder: "" })).rejects.toThrow(RangeError);
    await expect(cliente.sincronizar("")).rejects.toThrow(RangeError);
    await expect(cliente.sincronizar("", { delete: true })).rejects.toThrow(
      'Cannot use folder "": it must not be empty',
    );
    await expect(cliente.descargarArchivo(none)).rejects.toThrow(TypeError);
    await expect(cliente.descargarArchivo(none)).rejects.toThrow(
      "Cannot use nombre undefined: it must be a string",
    );
    await expect(cliente.pedirDigest(none)).rejects.toThrow(TypeError);
    await expect(cliente.stream(none)).rejects.toThrow(TypeError);
    await expect(cliente.sincronizar(none)).rejects.toThrow(TypeError);
    await expect(cliente.sincronizar(await folder(), { exclude: [""] })).rejects.toThrow(TypeError);
    expect(server.asked).toEqual([]);
  });

  it("tells why it was refused, where the server says so", async () => {
    const cliente = clienteOf(await served(files));
    const failed = cliente.descargarArchivo("falta", { folder: await folder() });
    await expect(failed).rejects.toThrow('The server has no file "falta"');
    await expect(failed).rejects.toMatchObject({ reason: "NOT_FOUND" });
  });
});

describe("Cliente.descargarArchivo()", () => {
  it("makes the folder, and saves under another name where one is given", async () => {
    const cliente = clienteOf(await served(files));
    const into = join(await folder(), "no", "existe");
    const { nombre, path } = await cliente.descargarArchivo("notas.txt", {
      folder: into,
      saveAs: "mías.txt",
    });
    expect({ nombre, path }).toEqual({ nombre: "notas.txt", path: join(into, "mías.txt") });
    expect(await readdir(into)).toEqual(["mías.txt"]);
    await expectFile(path, files["notas.txt"]);
  });

  it("replaces a file of that name", async () => {
    const cliente = clienteOf(await served(files));
    const into = await folder();
    await writeFile(join(into, "notas.txt"), "antes, y mucho más largo que lo que llega");
    await cliente.descargarArchivo("notas.txt", { folder: into });
    await expectFile(join(into, "notas.txt"), files["notas.txt"]);
    expect(await readdir(into)).toEqual(["notas.txt"]);
  });

  it("leaves the file of that name as it was when the download fails", async () => {
    const half = ok(noise(200 * KiB)).subarray(0, 100 * KiB);
    const cliente = clienteOf(await rawServer((socket) => void socket.end(half)));
    const into = await folder();
    await writeFile(join(into, "notas.txt"), "antes");
    await expect(cliente.descargarArchivo("notas.txt", { folder: into })).rejects.toMatchObject({
      code: "CUT",
    });
    expect(await readdir(into)).toEqual(["notas.txt"]);
    await expectFile(join(into, "notas.txt"), "antes");
  });

  it("replaces a link instead of following it", async () => {
    const cliente = clienteOf(await served(files));
    const into = await folder();
    const elsewhere = await folder();
    await writeFile(join(elsewhere, "secreto"), "no se toca");
    await symlink(join(elsewhere, "secreto"), join(into, "notas.txt"));
    await symlink(elsewhere, join(into, "foto.bin"));
    await symlink(join(elsewhere, "nadie"), join(into, "vacio"));
    for (const name of ["notas.txt", "foto.bin", "vacio"] as const) {
      await cliente.descargarArchivo(name, { folder: into });
      expect((await lstat(join(into, name))).isFile()).toBe(true);
      await expectFile(join(into, name), files[name]);
    }
    expect(await readdir(elsewhere)).toEqual(["secreto"]);
    await expectFile(join(elsewhere, "secreto"), "no se toca");
  });

  it("follows a link in the place of the folder itself", async () => {
    const cliente = clienteOf(await served(files));
    const real = await folder();
    const link = join(await folder(), "enlace");
    await symlink(real, link);
    await cliente.descargarArchivo("notas.txt", { folder: link });
    expect(await readdir(real)).toEqual(["notas.txt"]);
    expect(await readlink(link)).toBe(real);
  });

  it("does not ask for a file that would replace a folder", async () => {
    const server = await served(files);
    const cliente = clienteOf(server);
    const into = await folder();
    await mkdir(join(into, "notas.txt"));
    const failed = cliente.descargarArchivo("notas.txt", { folder: into });
    await expect(failed).rejects.toBeInstanceOf(TargetError);
    const verb: TargetVerb = "save";
    await expect(failed).rejects.toMatchObject({ code: "IS_FOLDER", path: join(into, "notas.txt"), verb });
    expect(server.asked).toEqual([]);
    await cliente.descargarArchivo("vacio", { folder: into });
    expect(server.asked).toEqual(["descargar vacio"]);
  });

  it.each(["../fuera", "/fuera", "a\\b", "..", ".", "", "a\0b", "\ud800"])(
    "does not save under %j",
    async (saveAs) => {
      const server = await served(files);
      const cliente = clienteOf(server);
      const into = join(await folder(), "dentro");
      await expect(cliente.descargarArchivo("notas.txt", { folder: into, saveAs })).rejects.toMatchObject({
        code: "UNSAFE_NAME",
      });
      await expect(readdir(into)).rejects.toMatchObject({ code: "ENOENT" });
      expect(server.asked).toEqual([]);
    },
  );

  it("lets two clients download to one path at once: one file is there in the end, whole", async () => {
    const content = noise(2 * MiB);
    const server = await served({ comun: content });
    const into = await folder();
    const download = (): Promise<unknown> => clienteOf(server).descargarArchivo("comun", { folder: into });
    await Promise.all([download(), download(), download()]);
    expect(await readdir(into)).toEqual(["comun"]);
    await expectFile(join(into, "comun"), content);
  });

  it("gives on what onProgress throws, and leaves nothing behind", async () => {
    const server = await served({ grande: noise(4 * MiB), ...files });
    const cliente = clienteOf(server);
    const into = await folder();
    const reason = new Error("the app has seen enough");
    const onProgress = (): void => {
      throw reason;
    };
    await expect(cliente.descargarArchivo("grande", { folder: into, onProgress })).rejects.toBe(reason);
    expect(await readdir(into)).toEqual([]);
    await cliente.descargarArchivo("notas.txt", { folder: into });
    expect(await readdir(into)).toEqual(["notas.txt"]);
  });
});

describe("Cliente.request()", () => {
  interface Sum {
    readonly total: number;
  }
  const contract = {
    ...operaciones,
    sumar: {
      request: (data: PyValue): number[] => data as number[],
      reply: (data: PyValue): Sum => {
        const total = data instanceof PyDict ? (data as PyDict<PyValue, PyValue>).get("total") : undefined;
        if (typeof total !== "number") throw new TypeError("there is no total");
        return { total };
      },
    },
    eco: { request: text, reply: text },
  };

  it("makes requests of the app's own operations, typed by the contract", async () => {
    const server = await served(
      {},
      {
        contract,
        handlers: {
          sumar: (numbers) => new PyDict([["total", numbers.reduce((a, b) => a + b, 0)]]) as unknown as Sum,
          eco: (said) => said.toUpperCase(),
        },
      },
    );
    const cliente = clienteOf(server, { contract });
    const { total }: Sum = await cliente.request("sumar", [1, 2, 39]);
    expect(total).toBe(42);
    const said: string = await cliente.request("eco", "¡hola!");
    expect(said).toBe("¡HOLA!");
    expect(await cliente.request("listar", null)).toEqual([]);
    expect(server.connections()).toBe(1);
  });

  it("is refused what the server does not know", async () => {
    const server = await served();
    const cliente = clienteOf(server, { contract });
    await expect(cliente.request("eco", "hola")).rejects.toThrow('The server refused operation "eco"');
    expect(await cliente.request("listar", null)).toEqual([]);
    expect(server.connections()).toBe(1);
  });

  it("is told of a file in the same words as a stream", async () => {
    const cliente = clienteOf(await served({ a: "alfa" }));
    await cliente.pedirListaArchivos();
    for (const asking of [cliente.request("descargar", "falta"), cliente.stream("falta")]) {
      await expect(asking).rejects.toThrow(/^The server has no file "falta"$/);
    }
  });

  it("is told of the operation where only the app knows what it asks for", () => {
    const reply = new Mensaje({ operacion: null, estado: "no", extras: [["reason", "NOT_FOUND"]] });
    const { message } = new RefusedError("descargar", undefined, reply);
    expect(message).toBe('The server refused operation "descargar": NOT_FOUND');
  });

  it.each(["otra", "toString", "__proto__"])("asks nothing outside the contract: %s", async (operacion) => {
    const server = await served();
    const cliente = clienteOf(server);
    await expect(cliente.request(operacion as "listar", null)).rejects.toThrow(TypeError);
    expect(server.connections()).toBe(0);
  });

  it("is not held up by a reply whose content the contract does not take", async () => {
    const ignoring = { ...operaciones, leer: { request: text, reply: (): null => null } };
    const server = await rawServer(sends(ok(noise(100 * KiB))), sends(ok(["a"])));
    const cliente = clienteOf(server, { contract: ignoring });
    expect(await cliente.request("leer", "x")).toBeNull();
    expect(await cliente.request("listar", null)).toEqual(["a"]);
    expect(server.sockets).toHaveLength(1);
  });
});

describe("Several requests at once", () => {
  it("get their own replies, in the order in which they were made", async () => {
    const large = noise(700 * KiB);
    const server = await served({ ...files, large });
    const cliente = clienteOf(server);
    const into = await folder();
    const finished: string[] = [];
    const noted = async <T>(what: string, request: Promise<T>): Promise<T> => {
      try {
        return await request;
      } finally {
        finished.push(what);
      }
    };
    const [list, saved, refused, empty, streamed, again] = await Promise.allSettled([
      noted("list", cliente.request("listar", null)),
      noted("stream", cliente.stream("large").then(collect)),
      noted("falta", cliente.stream("falta")),
      noted("vacio", cliente.stream("vacio").then(collect)),
      noted("notas", cliente.stream("notas.txt").then(collect)),
      noted("again", cliente.request("listar", null)),
      cliente.descargarArchivo("foto.bin", { folder: into }),
    ]);
    const names = [...Object.keys(files), "large"].sort();
    expect(list).toEqual({ status: "fulfilled", value: names });
    expect(saved.status === "fulfilled" && saved.value.equals(large)).toBe(true);
    expect(refused).toMatchObject({ status: "rejected", reason: { code: "REFUSED" } });
    expect(empty).toEqual({ status: "fulfilled", value: Buffer.alloc(0) });
    expect(streamed).toEqual({ status: "fulfilled", value: Buffer.from(files["notas.txt"]) });
    expect(again).toEqual({ status: "fulfilled", value: names });
    await expectFile(join(into, "foto.bin"), files["foto.bin"]);
    expect(finished).toEqual(["list", "stream", "falta", "vacio", "notas", "again"]);
    expect(server.asked.filter((asked) => asked !== "descargar foto.bin")).toEqual([
      "listar",
      "descargar large",
      "descargar falta",
      "descargar vacio",
      "descargar notas.txt",
      "listar",
    ]);
    // Downloads have a connection of their own.
    expect(server.connections()).toBe(2);
  });

  it("wait while the app takes its time over a stream, and find the connection in step", async () => {
    const content = noise(6 * MiB);
    const server = await served({ grande: content, ...files });
    const slow = clienteOf(server);
    const other = clienteOf(server);

    const stream = await slow.stream("grande");
    const later = [slow.request("listar", null), slow.stream("notas.txt").then(collect)] as const;
    const pieces: Buffer[] = [];
    for await (const piece of stream) {
      // A piece may be overwritten once the next one is asked for, and not before.
      const copy = Buffer.from(piece);
      if (pieces.length % 10 === 0) await other.pedirListaArchivos();
      expect(copy.equals(piece)).toBe(true);
      pieces.push(copy);
      expect(server.asked).not.toContain("descargar notas.txt");
    }
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
    expect(await later[0]).toContain("grande");
    expect((await later[1]).toString()).toBe(files["notas.txt"]);
    expect(server.connections()).toBe(2);
  });
});

describe("Cliente.stream()", () => {
  it("keeps the connection when a stream is left whose rest is small", async () => {
    const server = await served({ mediano: noise(600 * KiB), ...files });
    const cliente = clienteOf(server);
    for await (const _ of await cliente.stream("mediano")) break;
    await (await cliente.stream("mediano")).cancel();
    const twice = await cliente.stream("mediano");
    await Promise.all([twice.cancel(), twice.cancel()]);
    expect((await collect(await cliente.stream("notas.txt"))).toString()).toBe(files["notas.txt"]);
    expect(server.connections()).toBe(1);
  });

  it("goes on over a new connection when a stream is left whose rest is large", async () => {
    const server = await served({ grande: noise(8 * MiB), ...files });
    const cliente = clienteOf(server);
    for await (const _ of await cliente.stream("grande")) break;
    expect(await cliente.pedirListaArchivos()).toContain("grande");
    expect(server.connections()).toBe(2);
    await (await cliente.stream("grande")).cancel();
    expect(await cliente.pedirListaArchivos()).toContain("grande");
    expect(server.connections()).toBe(3);
  });

  it("lets an app leave by an error of its own", async () => {
    const server = await served({ grande: noise(8 * MiB), ...files });
    const cliente = clienteOf(server);
    const reason = new Error("the app's own");
    const reading = async (): Promise<void> => {
      for await (const _ of await cliente.stream("grande")) throw reason;
    };
    await expect(reading()).rejects.toBe(reason);
    expect(await cliente.pedirListaArchivos()).toContain("grande");
  });

  it.each([
    ["small", 600 * KiB],
    ["large", 8 * MiB],
  ])("does not pass off as whole what was cancelled meanwhile: the rest is %s", async (_, size) => {
    const server = await served({ fichero: noise(size), ...files });
    const cliente = clienteOf(server);
    const stream = await cliente.stream("fichero");
    const reading = async (): Promise<void> => {
      for await (const _piece of stream) await stream.cancel();
    };
    await expect(reading()).rejects.toMatchObject({ code: "CLOSED" });
    expect(await cliente.pedirListaArchivos()).toContain("fichero");
  });

  it("ends a read that waits when the stream is cancelled beside it", async () => {
    const reply = ok(noise(100 * KiB));
    const held: (() => void)[] = [];
    const server = await rawServer(
      (socket) => {
        socket.write(reply.subarray(0, 50 * KiB));
        held.push(() => void socket.write(reply.subarray(50 * KiB)));
      },
      sends(ok(["a"])),
    );
    const cliente = clienteOf(server);
    const pieces = (await cliente.stream("x"))[Symbol.asyncIterator]();
    let received = 0;
    while (received < 49 * KiB) received += (await pieces.next()).value?.length ?? 0;
    const waiting = expect(
      (async () => {
        while (!(await pieces.next()).done) {}
      })(),
    ).rejects.toMatchObject({ code: "CLOSED" });
    const cancelled = pieces.return?.();
    const list = cliente.request("listar", null);
    held[0]?.();
    await cancelled;
    await waiting;
    expect(await list).toEqual(["a"]);
    expect(server.sockets).toHaveLength(1);
  });

  it("gives the same small content to bytes() as to a loop", async () => {
    const cliente = clienteOf(await served(files));
    const content = await cliente.stream("foto.bin");
    expect(content).toBeInstanceOf(Content);
    expect(await content.bytes()).toEqual(files["foto.bin"]);
    expect(await (await cliente.stream("vacio")).bytes()).toEqual(new Uint8Array(0));
  });
});

describe("A lost connection", () => {
  it("is replaced when the server was started again on the same port", async () => {
    const first = await served(files);
    const cliente = clienteOf(first);
    expect(await cliente.pedirListaArchivos()).toContain("notas.txt");
    await first.servidor.close();
    await expect(cliente.pedirListaArchivos()).rejects.toMatchObject({ code: "UNREACHABLE" });

    const path = await folder();
    await writeFile(join(path, "nuevo"), "");
    await listening(new Servidor({ folder: path, host, port: first.port }));
    expect(await cliente.pedirListaArchivos()).toEqual(["nuevo"]);
  });

  it.each([
    ["ended", "end"],
    ["reset", "resetAndDestroy"],
  ] as const)("is replaced when the server %s it while it was idle", async (_, how) => {
    const server = await rawServer(sends(ok(["a"])));
    const cliente = clienteOf(server);
    expect(await cliente.pedirListaArchivos()).toEqual(["a"]);
    const [socket] = server.sockets;
    const closed = socket && once(socket, "close");
    socket?.[how]();
    await closed;
    // What another connection carries after that arrives after that.
    await clienteOf(server).pedirListaArchivos();
    expect(await cliente.pedirListaArchivos()).toEqual(["a"]);
    expect(server.sockets).toHaveLength(3);
  });

  it("is opened by the first request, or by connect(), which is no second one", async () => {
    const server = await served(files);
    const cliente = clienteOf(server);
    expect(server.connections()).toBe(0);
    await Promise.all([cliente.connect(), cliente.connect(), cliente.pedirListaArchivos()]);
    expect(server.connections()).toBe(1);
  });
});

describe("Cliente.close()", () => {
  it("rejects what is under way and what waits, and what is asked for later", async () => {
    const server = await rawServer(silence);
    const cliente = clienteOf(server);
    const into = await folder();
    const pending = [
      cliente.pedirListaArchivos(),
      cliente.descargarArchivo("x", { folder: into }),
      cliente.stream("x"),
      cliente.connect(),
    ];
    const settled = Promise.allSettled(pending);
    await server.waitForRequests(2);
    await Promise.all([cliente.close(), cliente.close()]);
    for (const result of await settled) {
      expect(result).toMatchObject({ status: "rejected", reason: { name: "ConexionError", code: "CLOSED" } });
    }
    await expect(cliente.pedirListaArchivos()).rejects.toMatchObject({ code: "CLOSED" });
    await expect(cliente.connect()).rejects.toMatchObject({ code: "CLOSED" });
    // One on each of its connections: that for listings and downloads, and that for streams.
    expect(server.requests()).toBe(2);
    expect(await readdir(into)).toEqual([]);
  });

  it("ends a download in its middle, and nothing is left of it", async () => {
    const cliente = clienteOf(await served({ grande: noise(8 * MiB) }));
    const into = await folder();
    const onProgress = (): void => void cliente.close();
    await expect(cliente.descargarArchivo("grande", { folder: into, onProgress })).rejects.toMatchObject({
      code: "CLOSED",
    });
    expect(await readdir(into)).toEqual([]);
  });

  it("is nothing to a client that never connected", async () => {
    const server = await served();
    await new Cliente({ host, port: server.port }).close();
    expect(server.connections()).toBe(0);
  });

  it("is what `await using` does at the end", async () => {
    const server = await served(files);
    const closed = once(server.servidor, "closed");
    {
      await using cliente = await connect({ host, port: server.port });
      await cliente.pedirListaArchivos();
    }
    await closed;
  });

  it("says good-bye after all that was asked has been answered", async () => {
    const server = await served(files);
    const closed = once(server.servidor, "closed");
    const failures: unknown[] = [];
    server.servidor.on("failed", (event) => failures.push(event));
    const cliente = clienteOf(server);
    await cliente.pedirListaArchivos();
    await cliente.close();
    await closed;
    expect(failures).toEqual([]);
  });
});

describe("ClienteOptions", () => {
  const bad: (ClienteOptions<typeof operaciones> & Record<string, unknown>)[] = [
    { port: 0 },
    { port: 65_536 },
    { port: 3247.5 },
    { port: Number.NaN },
    { connectTimeoutMs: 0 },
    { connectTimeoutMs: 0.5 },
    { replyTimeoutMs: -1 },
    { replyTimeoutMs: 2 ** 31 },
    { stallMs: Number.NaN },
    { stallMs: 2 ** 31 },
    { maxBufferedBytes: 1023 },
    { maxBufferedBytes: 2000.5 },
  ];
  it.each(bad)("refuse %o", (options) => {
    const [name] = Object.keys(options);
    expect(() => new Cliente(options)).toThrow(RangeError);
    expect(() => new Cliente(options)).toThrow(`Cannot use ${name} `);
  });

  it("are taken up to their ends, endless timeouts included", async () => {
    const Infinite = Number.POSITIVE_INFINITY;
    const server = await served(files);
    for (const ms of [2 ** 31 - 1, Infinite]) {
      const cliente = clienteOf(server, {
        connectTimeoutMs: ms,
        replyTimeoutMs: ms,
        stallMs: ms,
        maxBufferedBytes: Infinite,
      });
      const into = await folder();
      await cliente.descargarArchivo("notas.txt", { folder: into });
      expect(await readFile(join(into, "notas.txt"), "utf8")).toBe(files["notas.txt"]);
    }
    expect(() => new Cliente({ port: 1, maxBufferedBytes: 1024 })).not.toThrow();
    expect(() => new Cliente({ port: 65_535, connectTimeoutMs: 1 })).not.toThrow();
  });

  it("refuse more of a reply than may be held in memory, and take as much as may", async () => {
    const names = Array.from({ length: 2000 }, (_, i) => `nombre-${i}`);
    const reply = ok(names);
    const held = reply.length - 4;
    const server = await rawServer(sends(reply));
    expect(await clienteOf(server, { maxBufferedBytes: held }).pedirListaArchivos()).toEqual(names);
    await expect(
      clienteOf(server, { maxBufferedBytes: held - 1 }).pedirListaArchivos(),
    ).rejects.toMatchObject({ name: "ReplyError", code: "BAD_REPLY" });
  });

  it("say how the server is written to, in whatever way it answers", async () => {
    const server = await rawServer(sends(ok(["a"], "otro.modulo")));
    const byDefault = clienteOf(server);
    await byDefault.pedirListaArchivos();
    await byDefault.pedirListaArchivos();
    const told = clienteOf(server, {
      dialect: { protocol: 4, module: "mensaje", qualname: "Modelo.Mensaje" },
    });
    await told.pedirListaArchivos();
    const [first, second, third] = server.payloads.map((payload) => Buffer.from(payload).toString("latin1"));
    expect(first?.startsWith("\x80\x03c__main__\nMensaje\n")).toBe(true);
    // Each request has an id of its own.
    expect(second?.replace("K\x02ub.", "K\x01ub.")).toBe(first);
    expect(third?.startsWith("\x80\x04")).toBe(true);
    expect(third).toMatch(/mensaje.*Modelo\.Mensaje/s);
  });

  it("take only the classes that acceptClass does", async () => {
    const server = await served(files);
    const strict = clienteOf(server, { acceptClass: (module) => module === "mensaje" });
    await expect(strict.pedirListaArchivos()).rejects.toMatchObject({ code: "BAD_REPLY" });
    const dialect = { module: "mensaje", protocol: 4 } as const;
    const fitting = clienteOf(server, { acceptClass: (module) => module === "mensaje", dialect });
    expect(await fitting.pedirListaArchivos()).toContain("notas.txt");
  });
});
