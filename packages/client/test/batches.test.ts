// Small files that travel together (PROTOCOL.md 6.2.1), as a sync fetches them.

import { watch } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { contentOf, FaultyStorage, startFaultProxy } from "@fileshare/peers";
import { type Conexion, Mensaje, operaciones, type PyValue } from "@fileshare/protocol";
import { DirectoryStorage, Servidor, type Storage } from "@fileshare/server";
import { describe, expect, it, onTestFinished } from "vitest";
import type { SyncProgress } from "../src/sync/options.js";
import type { DownloadEvent } from "../src/transfer/download.js";
import {
  clienteOf,
  expectFile,
  type Files,
  folder,
  listening,
  noise,
  type Served,
  served,
} from "./served.js";
import { refusal } from "./talking-server.js";

const KiB = 1024;

/** So many files of sizes from 0 to 64 KiB and beyond. */
function mixture(count: number): Record<string, Uint8Array> {
  const sizes = [0, 1, 100, 4 * KiB, 20_000, 64 * KiB, 64 * KiB + 1, 200_000];
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`f${i}`, noise((sizes[i % sizes.length] as number) + (i >> 3))]),
  );
}

function small(count: number): Record<string, Uint8Array> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, noise(100 + i)]));
}

/** How many files were asked for, by themselves or as the first of a batch. */
function downloads({ asked }: Served): number {
  return asked.filter((each) => each.startsWith("descargar")).length;
}

async function expectFiles(into: string, files: Files): Promise<void> {
  expect((await readdir(into)).sort()).toEqual(Object.keys(files).sort());
  for (const [name, content] of Object.entries(files)) await expectFile(join(into, name), content);
}

/** A storage of these files, of which something happens to each batch before it is read. */
async function storageOf(
  files: Files,
  before: (path: string, batch: number) => Promise<void>,
): Promise<Storage> {
  const path = await folder();
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  const storage = new DirectoryStorage(path);
  let batches = 0;
  return {
    list: () => storage.list(),
    open: (name) => storage.open(name),
    entries: (options) => storage.entries(options),
    async readMany(names, limits) {
      batches += 1;
      await before(path, batches);
      return storage.readMany(names, limits);
    },
    close: () => storage.close(),
  };
}

describe("sincronizar() of small files", () => {
  it("asks for those of several pages of a listing at once, while others are under way", async () => {
    const files = small(40);
    const path = await folder();
    for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
    const storage = new DirectoryStorage(path);
    const pages: Storage = {
      list: () => storage.list(),
      open: (name) => storage.open(name),
      entries: (options) => storage.entries({ ...options, limit: 10 }),
      readMany: async (names, limits) => {
        // The second page comes meanwhile.
        await sleep(300);
        return storage.readMany(names, limits);
      },
      close: () => storage.close(),
    };
    const server = await listening(new Servidor({ storage: pages, host: "127.0.0.1", port: 0 }));
    const into = await folder();
    expect((await clienteOf(server).sincronizar(into)).failed).toEqual([]);
    await expectFiles(into, files);
    expect(server.asked.filter((each) => each === "listar").length).toBeGreaterThanOrEqual(4);
    expect(downloads(server)).toBeLessThan(4);
  });

  it("fetches files whose names hold line feeds", async () => {
    const files = { "a\nb": "uno", c: "dos", "d\n": "tres" };
    const server = await served(files);
    const into = await folder();
    expect((await clienteOf(server).sincronizar(into)).failed).toEqual([]);
    await expectFiles(into, Object.fromEntries(Object.entries(files).map(([k, v]) => [k, Buffer.from(v)])));
    expect(downloads(server)).toBe(1);
  });

  it("asks for many at once, and saves them with their times", async () => {
    const files = small(1000);
    const server = await served(files);
    const into = await folder();
    const told: number[] = [];
    const saved: string[] = [];
    const report = await clienteOf(server).sincronizar(into, {
      onProgress: ({ received }) => told.push(received),
      onFile: (file) => saved.push(file.type),
    });
    const total = Object.values(files).reduce((sum, { length }) => sum + length, 0);
    expect(report).toMatchObject({ unchanged: 0, failed: [], bytes: total });
    expect(report.downloaded.toSorted()).toEqual(Object.keys(files).sort());
    expect(downloads(server)).toBe(4);
    await expectFiles(into, files);
    expect(saved).toEqual(Array(1000).fill("downloaded"));
    expect(told.at(-1)).toBe(total);
    expect(Math.max(...told)).toBe(total);
    expect(await clienteOf(server).sincronizar(into)).toMatchObject({ downloaded: [], unchanged: 1000 });
  });

  it("keeps each file's modification time", async () => {
    const storage = await storageOf({ a: "a", b: "b" }, async () => {});
    const path = await folder();
    for (const [i, name] of ["a", "b"].entries()) {
      await writeFile(join(path, name), name);
      await utimes(join(path, name), 5, 1_000_000_000 + i);
    }
    await storage.close?.();
    const server = await listening(new Servidor({ folder: path, host: "127.0.0.1", port: 0 }));
    const into = await folder();
    await clienteOf(server).sincronizar(into);
    expect((await stat(join(into, "a"))).mtimeMs).toBe(1_000_000_000_000);
    expect((await stat(join(into, "b"))).mtimeMs).toBe(1_000_000_001_000);
  });

  it.each([1, 3])("brings files of all sizes over %s connections, with fsync", async (connections) => {
    const files = mixture(160);
    const server = await served(files);
    const into = await folder();
    const report = await clienteOf(server, { connections }).sincronizar(into, { fsync: true });
    expect(report.failed).toEqual([]);
    await expectFiles(into, files);
  });

  it("brings names in folders, and names that are no UTF-8", async () => {
    const path = await folder();
    await mkdir(join(path, "x", "y"), { recursive: true });
    const names = ["x/y/ñandú", "x/ a", "\udcff\udc80z", "línea\nnueva"];
    for (const name of names) {
      const bytes = Buffer.concat(
        Array.from(name, (c) => {
          const code = c.charCodeAt(0);
          return code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code - 0xdc00) : Buffer.from(c);
        }),
      );
      await writeFile(Buffer.concat([Buffer.from(`${path}/`), bytes]), name.slice(0, 1));
    }
    const server = await listening(new Servidor({ folder: path, host: "127.0.0.1", port: 0 }));
    const into = await folder();
    const report = await clienteOf(server).sincronizar(into);
    expect(report.failed).toEqual([]);
    expect(report.downloaded.toSorted()).toEqual(names.toSorted());
    expect(downloads(server)).toBe(1);
    expect(await clienteOf(server).sincronizar(into)).toMatchObject({ downloaded: [], unchanged: 4 });
  });

  it("fetches by itself what changed since it was listed, and tells what is gone", async () => {
    const files = small(20);
    const storage = await storageOf(files, async (path) => {
      await writeFile(join(path, "f3"), "otro");
      await writeFile(join(path, "f4"), noise(100_000));
      await rm(join(path, "f5"), { force: true });
    });
    const server = await listening(new Servidor({ storage, host: "127.0.0.1", port: 0 }));
    const into = await folder();
    const events: string[] = [];
    const told: SyncProgress[] = [];
    const report = await clienteOf(server).sincronizar(into, {
      onEvent: (nombre, { type }) => events.push(`${nombre} ${type}`),
      onProgress: (progress) => told.push(progress),
    });
    expect(report.failed).toMatchObject([{ nombre: "f5", error: { code: "REFUSED", reason: "NOT_FOUND" } }]);
    expect(events.sort()).toEqual(["f3 restarted", "f4 restarted"]);
    const { f5: _, ...rest } = files;
    await expectFiles(into, { ...rest, f3: "otro", f4: noise(100_000) });
    const bytes = Object.values({ ...rest, f3: "otro", f4: noise(100_000) }).reduce(
      (sum, { length }) => sum + length,
      0,
    );
    expect(report.bytes).toBe(bytes);
    // The one that is gone is wanted still, and never came.
    const gone = files.f5?.length ?? Number.NaN;
    expect(told.at(-1)).toMatchObject({ files: 20, done: 19, total: bytes + gone, received: bytes });
  });

  it("asks a server that gives one at a time for each by itself, and does not ask for many again", async () => {
    const files = small(600);
    // One that does not know of batches: an app's own handler answers for the file that it is asked for.
    const server = await served(files, {
      contract: operaciones,
      handlers: { descargar: (nombre, { enviarArchivo }) => enviarArchivo(nombre) },
    });
    const into = await folder();
    const cliente = clienteOf(server);
    expect((await cliente.sincronizar(into)).failed).toEqual([]);
    await expectFiles(into, files);
    const first = downloads(server);
    expect(first).toBeGreaterThanOrEqual(601);
    await rm(into, { recursive: true });
    expect((await cliente.sincronizar(into)).failed).toEqual([]);
    expect(downloads(server) - first).toBe(600);
  });

  it("asks for each by itself where the server takes no request as long as that", async () => {
    const files = small(100);
    const server = await served(files, { maxRequestBytes: 500 });
    const into = await folder();
    const report = await clienteOf(server).sincronizar(into);
    expect(report.failed).toEqual([]);
    await expectFiles(into, files);
  });

  it("tells of each file that cannot be saved, and why, and saves the others", async () => {
    const files = small(50);
    const server = await served(files);
    const into = await folder();
    await mkdir(join(into, "f7"));
    const report = await clienteOf(server).sincronizar(into);
    const error = { code: "IS_FOLDER", path: join(into, "f7") };
    expect(report.failed).toMatchObject([{ nombre: "f7", error }]);
    expect(report.downloaded).toHaveLength(49);
    expect((await readdir(into)).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0)("says that a folder may not be written to", async () => {
    const server = await served(small(10));
    const into = await folder();
    await chmod(into, 0o555);
    const report = await clienteOf(server).sincronizar(into);
    expect(report.failed).toMatchObject(Array(10).fill({ error: { code: "NO_PERMISSION" } }));
  });

  it("removes what an interrupted download to the same name has left", async () => {
    const files = small(10);
    const storage = await storageOf({ ...files, f3: noise(20_000_000) }, async () => {});
    const server = await listening(new Servidor({ storage, host: "127.0.0.1", port: 0 }));
    const into = await folder();
    const giving = new AbortController();
    const cliente = clienteOf(server, { bytesPerSecond: 30_000_000 });
    const onProgress = ({ received }: { received: number }): void => {
      if (received > 12_000_000) giving.abort(new Error("enough"));
    };
    const { signal } = giving;
    await expect(cliente.descargarArchivo("f3", { folder: into, signal, onProgress })).rejects.toThrow(
      "enough",
    );
    await cliente.close();
    expect((await readdir(into)).length).toBe(2);
    const later = await served(files);
    expect((await clienteOf(later).sincronizar(into)).failed).toEqual([]);
    await expectFiles(into, files);
  });

  it("is given up by its signal, and leaves whole files only", async () => {
    const files = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`f${i}`, noise(20_000 + i)]));
    const server = await served(files);
    const into = await folder();
    const giving = new AbortController();
    const reason = new Error("enough");
    const syncing = clienteOf(server).sincronizar(into, {
      signal: giving.signal,
      onProgress: ({ received }) => {
        if (received > 3_000_000) giving.abort(reason);
      },
    });
    await expect(syncing).rejects.toBe(reason);
    for (const name of await readdir(into)) await expectFile(join(into, name), files[name] as Uint8Array);
  });

  it("is held to its rate", async () => {
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, noise(10_000 + i)]));
    const server = await served(files);
    const into = await folder();
    const started = performance.now();
    await clienteOf(server, { bytesPerSecond: 400_000 }).sincronizar(into);
    // 400 kB, of which 0.1 s may come at once.
    expect(performance.now() - started).toBeGreaterThan(850);
    await expectFiles(into, files);
  });
});

describe("sincronizar() that is given up at its first file", () => {
  it.each([
    ["small files", 600, 1000],
    ["small files, all in one batch,", 40, 1000],
    ["larger files", 60, 70_000],
  ])("saves no more than is being saved, and removes nothing (%s)", async (_, count, size) => {
    const files = Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, noise(size + i)]));
    const server = await served(files);
    const into = await folder();
    await writeFile(join(into, "propio"), "");
    const giving = new AbortController();
    const reason = new Error("enough");
    const told: string[] = [];
    const syncing = clienteOf(server).sincronizar(into, {
      delete: true,
      fsync: true,
      signal: giving.signal,
      onFile: (file) => {
        told.push(file.type);
        giving.abort(reason);
      },
    });
    await expect(syncing).rejects.toBe(reason);
    expect(told).toEqual(told.map(() => "downloaded"));
    const there = await readdir(into);
    expect(there).toContain("propio");
    if (size < 70_000) expect(there).toHaveLength(told.length + 1);
  });

  it("drops what still waits for the disk", async () => {
    const files = small(200);
    const server = await served(files);
    const into = await folder();
    const giving = new AbortController();
    const reason = new Error("enough");
    const watcher = watch(into, () => giving.abort(reason));
    onTestFinished(() => watcher.close());
    const syncing = clienteOf(server).sincronizar(into, { fsync: true, signal: giving.signal });
    await expect(syncing).rejects.toBe(reason);
    expect((await readdir(into)).length).toBeLessThan(200);
    for (const name of await readdir(into)) await expectFile(join(into, name), files[name] as Uint8Array);
  });
});

describe("Progress of a sync", () => {
  it("only goes back where bytes have to come again", async () => {
    const server = await served({ ...small(600), grande: noise(100_000), z: "x" });
    const into = await folder();
    await mkdir(join(into, "f7"));
    await mkdir(join(into, "grande"));
    const told: number[] = [];
    const report = await clienteOf(server).sincronizar(into, {
      onProgress: ({ received }) => told.push(received),
    });
    expect(report.failed).toHaveLength(2);
    expect(told).toEqual(told.toSorted((one, other) => one - other));
  });
});

describe("A batch that is damaged on its way", () => {
  const files = small(200);
  const total = Object.values(files).reduce((sum, { length }) => sum + length, 0);

  it.each(Array.from({ length: 12 }, (_, i) => 2 * i + 1))(
    "is fetched again, wherever that is (%s)",
    async (nth) => {
      const server = await served(files);
      // Some of them in the listing, which is tried no second time.
      const after = 16_000 + Math.floor((nth * (total - 4000)) / 24);
      const proxy = await startFaultProxy({
        port: server.port,
        seed: nth,
        plan: [{ fault: "corrupt", direction: "toClient", after }],
      });
      onTestFinished(() => proxy.close());
      const into = await folder();
      const events: DownloadEvent[] = [];
      const options = { onEvent: (_: unknown, event: DownloadEvent) => void events.push(event) };
      const report = await clienteOf({ port: proxy.port }, { stallMs: 2000 }).sincronizar(into, options);
      expect(report.failed).toEqual([]);
      await expectFiles(into, files);
      expect(proxy.counts().toClient.corrupt).toBeGreaterThan(0);
    },
  );

  it.each(Array.from({ length: 6 }, (_, i) => 2 * i))(
    "in its names gives no file the content of another (%s)",
    async (nth) => {
      const server = await served(files);
      const proxy = await startFaultProxy({
        port: server.port,
        seed: nth,
        plan: [{ fault: "corrupt", direction: "toServer", after: 400 + nth * 70 }],
      });
      onTestFinished(() => proxy.close());
      const into = await folder();
      const cliente = clienteOf({ port: proxy.port }, { stallMs: 2000, replyTimeoutMs: 2000 });
      const { downloaded, failed } = await cliente.sincronizar(into);
      // Each connection is damaged at that byte: what is asked for again may be refused for it, and is not asked a third time.
      expect(failed.map(({ error }) => (error as { code: string }).code)).toEqual(
        failed.map(() => "REFUSED"),
      );
      expect(downloaded.length + failed.length).toBe(200);
      await expectFiles(
        into,
        Object.fromEntries(downloaded.map((name) => [name, files[name] as Uint8Array])),
      );
      expect(proxy.counts().toServer.corrupt).toBeGreaterThan(0);
    },
  );

  it("is an error where nothing may be tried again", async () => {
    const server = await served(files);
    const proxy = await startFaultProxy({
      port: server.port,
      seed: 1,
      plan: [{ fault: "cut", direction: "toClient", after: 20_000 }],
    });
    onTestFinished(() => proxy.close());
    const syncing = clienteOf({ port: proxy.port }).sincronizar(await folder(), { retries: 0 });
    await expect(syncing).rejects.toMatchObject({ name: "ConexionError" });
  });
});

describe("A server that answers a request for many with something else", () => {
  // One batch: of two under way, the one that is answered so would cost what the other asks for anew its connection.
  const files = small(200);

  /** Our own server, but for what it says to a request for many; and how many of these there were. */
  async function answering(answer: (request: Mensaje, conexion: Conexion) => Mensaje | undefined) {
    const counts = { batches: 0 };
    class Answering extends Servidor {
      override async manejarMensaje(conexion: Conexion, request: Mensaje): Promise<void> {
        const isBatch = request.extras.has("more");
        if (isBatch) counts.batches += 1;
        const reply = isBatch ? answer(request, conexion) : undefined;
        if (reply) await conexion.enviarMensaje(reply);
        else await super.manejarMensaje(conexion, request);
      }
    }
    const path = await folder();
    for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
    return { ...(await listening(new Answering({ folder: path, host: "127.0.0.1", port: 0 }))), counts };
  }

  const named = ({ extras }: Mensaje, more: Readonly<Record<string, PyValue>>): Mensaje =>
    new Mensaje({
      estado: "ok",
      data: Uint8Array.of(1),
      extras: Object.entries({ id: extras.get("id") as PyValue, ...more }),
    });

  it.each<[string, (request: Mensaje) => Mensaje, number]>([
    ["refuses it as changed", (request) => refusal(request, "CHANGED"), 1],
    ["could not do it", (request) => refusal(request, "FAILED"), 3],
    ["sends a seal that is another", (request) => named(request, { seal: "00000000" }), 3],
    ["sends parts that are none", (request) => named(request, { parts: "1" }), 3],
    ["sends one file", (request) => named(request, {}), 1],
  ])("is asked for each by itself where it %s, and not for ever in vain", async (_what, answer, batches) => {
    const server = await answering(answer);
    const cliente = clienteOf(server);
    for (let i = 0; i < 4; i++) {
      const into = await folder();
      expect((await cliente.sincronizar(into, { retries: 0 })).failed).toEqual([]);
      await expectFiles(into, files);
    }
    expect(server.counts.batches).toBe(batches);
  });

  it("is asked for as many as before, some time after a connection was lost", async () => {
    let isCut = false;
    const server = await answering((_, conexion) => {
      if (!isCut) conexion.abort();
      isCut = true;
      return undefined;
    });
    const cliente = clienteOf(server);
    expect((await cliente.sincronizar(await folder())).failed).toEqual([]);
    for (let i = 0; i < 3; i++) {
      const before = server.counts.batches;
      expect((await cliente.sincronizar(await folder())).failed).toEqual([]);
      expect(server.counts.batches - before).toBe(1);
    }
  });
});

describe("Small files from a storage that fails", () => {
  it("are right, or there is an error", async () => {
    const path = await folder();
    const files = small(100);
    for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
    const faults = { openFails: 0.2, changesDuring: 0.2, shrinks: 0.1, readFails: 0.1 };
    const storage = new FaultyStorage(new DirectoryStorage(path), { seed: 5, faults });
    const server = await listening(new Servidor({ storage, host: "127.0.0.1", port: 0 }));
    const into = await folder();
    const report = await clienteOf(server).sincronizar(into);
    expect(report.downloaded.length + report.failed.length).toBe(100);
    for (const name of report.downloaded) {
      const saved = await readFile(join(into, name));
      // It is what one of the file's versions holds.
      const versions = Array.from({ length: storage.generation(name) + 1 }, (_, generation) => generation);
      const isWhole = versions.some((each) => saved.equals(contentOf(files[name] as Uint8Array, each)));
      expect(`${name}: ${isWhole}`).toBe(`${name}: true`);
    }
  });
});
