import { readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { contentOf, type FaultRule, FaultyStorage, startFaultProxy } from "@fileshare/peers";
import { DirectoryStorage, Servidor } from "@fileshare/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { Disk, type RemoteFile } from "../src/disk/disk.js";
import type { DownloadEvent } from "../src/index.js";
import { clienteOf, expectFile, folder, host, listening, noise, served } from "./served.js";

const MiB = 1024 * 1024;

/** A proxy in front of a server, closed when the test is finished. */
async function through(
  port: number,
  plan: readonly FaultRule[] | ((connection: number) => readonly FaultRule[]),
) {
  const proxy = await startFaultProxy({ port, seed: 1, plan });
  onTestFinished(() => proxy.close());
  return proxy;
}

describe("A download", () => {
  it("goes on where the connection was cut, and fetches little twice", async () => {
    const content = noise(20 * MiB);
    const server = await served({ grande: content });
    const proxy = await through(server.port, (connection) =>
      connection < 3 ? [{ fault: "cut", direction: "toClient", after: 6 * MiB }] : [],
    );
    const into = await folder();
    const cliente = clienteOf(proxy);
    const events: string[] = [];
    const received: number[] = [];
    const done = await cliente.descargarArchivo("grande", {
      folder: into,
      onEvent: ({ type }) => events.push(type),
      onProgress: (progress) => received.push(progress.received),
    });
    await expectFile(join(into, "grande"), content);
    expect(await readdir(into)).toEqual(["grande"]);
    expect(done).toMatchObject({ bytes: content.length, resumed: 0, skipped: false });
    // Once for each time, though several ranges are lost by it.
    expect(events).toEqual(["retry", "retry", "retry"]);
    expect(received.at(-1)).toBe(content.length);
    expect(proxy.counts().toClient.bytes).toBeLessThan(content.length + 3 * 16 * MiB);
  });

  it("is picked up by another client where one was given up", async () => {
    const content = noise(24 * MiB);
    const server = await served({ grande: content });
    const into = await folder();
    const giving = new AbortController();
    const reason = new Error("enough");
    const first = clienteOf(server).descargarArchivo("grande", {
      folder: into,
      signal: giving.signal,
      onProgress: ({ received }) => {
        if (received > 12 * MiB) giving.abort(reason);
      },
    });
    await expect(first).rejects.toBe(reason);
    expect(
      (await readdir(into)).filter((name) => !/^\.fileshare-[0-9a-f]{16}\.(part|log)$/.test(name)),
    ).toEqual([]);
    const events: DownloadEvent[] = [];
    const proxy = await through(server.port, []);
    const done = await clienteOf(proxy).descargarArchivo("grande", {
      folder: into,
      onEvent: (event) => events.push(event),
    });
    expect(done.resumed).toBeGreaterThan(0);
    expect(events).toEqual([{ type: "resumed", bytes: done.resumed }]);
    await expectFile(join(into, "grande"), content);
    expect(await readdir(into)).toEqual(["grande"]);
    // Only what was missing came.
    expect(proxy.counts().toClient.bytes).toBeLessThan(content.length - done.resumed + MiB);
  });

  it("asks whether a file of which all has arrived is still the same, before it gets its name", async () => {
    const source = await folder();
    const [before, after] = [noise(3 * MiB), noise(2 * MiB)];
    await writeFile(join(source, "grande"), before);
    const server = await served({}, { folder: source });
    const into = await folder();
    const disk = new Disk();
    const { value: page } = await clienteOf(server).pedirDetalles().next();
    const known = page?.[0] as RemoteFile;
    const leave = async (): Promise<void> => {
      const part = await disk.begin(join(into, "grande"), known, { fsync: false, resume: true });
      const segment = part.segment(0, before.length, undefined);
      await segment.write(before);
      await segment.end(undefined);
      await part.keep();
    };
    await leave();
    const asked = server.asked.length;
    const whole = { resumed: before.length, skipped: false };
    expect(await clienteOf(server).descargarArchivo("grande", { folder: into })).toMatchObject(whole);
    expect(server.asked.slice(asked)).toEqual(["descargar grande"]);
    await rm(join(into, "grande"));
    await leave();
    await writeFile(join(source, "grande"), after);
    expect(await clienteOf(server).descargarArchivo("grande", { folder: into })).toMatchObject({
      resumed: 0,
    });
    await expectFile(join(into, "grande"), after);
    await rm(join(into, "grande"));
    await leave();
    await rm(join(source, "grande"));
    const gone = clienteOf(server).descargarArchivo("grande", { folder: into, known });
    await expect(gone).rejects.toMatchObject({ code: "REFUSED", reason: "NOT_FOUND" });
    expect(await readdir(into)).not.toContain("grande");
    await disk.close();
  });

  it("leaves nothing behind, and picks nothing up, where that is not wanted", async () => {
    const server = await served({ grande: noise(24 * MiB) });
    const into = await folder();
    const giving = new AbortController();
    const options = { folder: into, resume: false, signal: giving.signal };
    const first = clienteOf(server).descargarArchivo("grande", {
      ...options,
      onProgress: ({ received }) => {
        if (received > 12 * MiB) giving.abort(new Error("enough"));
      },
    });
    await expect(first).rejects.toThrow("enough");
    expect(await readdir(into)).toEqual([]);
  });

  it("starts over where the file was replaced meanwhile, and says so", async () => {
    const source = await folder();
    const [before, after] = [noise(24 * MiB), noise(23 * MiB)];
    await writeFile(join(source, "grande"), before);
    const server = await served({}, { folder: source });
    const into = await folder();
    const giving = new AbortController();
    const first = clienteOf(server).descargarArchivo("grande", {
      folder: into,
      signal: giving.signal,
      onProgress: ({ received }) => {
        if (received > 12 * MiB) giving.abort(new Error("enough"));
      },
    });
    await expect(first).rejects.toThrow("enough");
    await writeFile(join(source, "nuevo"), after);
    await rename(join(source, "nuevo"), join(source, "grande"));
    const events: string[] = [];
    const options = { folder: into, onEvent: ({ type }: DownloadEvent) => events.push(type) };
    expect((await clienteOf(server).descargarArchivo("grande", options)).resumed).toBe(0);
    expect(events).toContain("restarted");
    await expectFile(join(into, "grande"), after);
    expect(await readdir(into)).toEqual(["grande"]);
  });

  it("is given up with a typed error where the file changes each time", async () => {
    const source = await folder();
    await writeFile(join(source, "grande"), noise(MiB));
    const storage = new FaultyStorage(new DirectoryStorage(source), {
      seed: 1,
      faults: { changesDuring: 1 },
    });
    const server = await listening(new Servidor({ storage, host, port: 0 }));
    const into = await folder();
    const restarts: string[] = [];
    await expect(
      clienteOf(server).descargarArchivo("grande", {
        folder: into,
        onEvent: ({ type }) => restarts.push(type),
      }),
    ).rejects.toMatchObject({ name: "ChangedError", code: "CHANGED", nombre: "grande" });
    expect(restarts).toEqual(Array.from({ length: 5 }, () => "restarted"));
    expect(await readdir(into)).toEqual([]);
  });

  it("is of one version, though the file is another each time that it is opened", async () => {
    const source = await folder();
    const original = noise(9 * MiB);
    await writeFile(join(source, "grande"), original);
    let openings = 0;
    const storage = new FaultyStorage(new DirectoryStorage(source), {
      seed: 1,
      faults: () => (openings++ < 3 ? { changesBefore: 1 } : {}),
    });
    const server = await listening(new Servidor({ storage, host, port: 0 }));
    const into = await folder();
    await clienteOf(server).descargarArchivo("grande", { folder: into });
    await expectFile(join(into, "grande"), contentOf(original, 3));
  });

  it("asks again for bytes that arrived damaged", async () => {
    const content = noise(10 * MiB);
    const server = await served({ grande: content });
    const proxy = await through(server.port, (connection) =>
      connection === 0 ? [{ fault: "corrupt", direction: "toClient", after: 6 * MiB }] : [],
    );
    const into = await folder();
    const codes: unknown[] = [];
    await clienteOf(proxy).descargarArchivo("grande", {
      folder: into,
      onEvent: (event) => {
        if (event.type === "retry") codes.push((event.error as { code: unknown }).code);
      },
    });
    expect(codes).toEqual(["CHECKSUM"]);
    await expectFile(join(into, "grande"), content);
  });

  it("ends with a typed error where all that arrives is damaged, and nothing stands under the name", async () => {
    const server = await served({ grande: noise(2 * MiB) });
    // In the least range too that a slow machine is asked for: one that comes whole counts as a new first try.
    const proxy = await through(server.port, [{ fault: "corrupt", direction: "toClient", every: 10_000 }]);
    const into = await folder();
    await expect(
      clienteOf(proxy).descargarArchivo("grande", { folder: into, retries: 1 }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/CHECKSUM|BAD_REPLY|CHANGED/) });
    expect(await readdir(into)).not.toContain("grande");
  });

  it("is spread over several connections where that is asked for", async () => {
    const content = noise(30 * MiB);
    const server = await served({ grande: content });
    const into = await folder();
    await clienteOf(server, { connections: 4 }).descargarArchivo("grande", { folder: into });
    await expectFile(join(into, "grande"), content);
    expect(server.connections()).toBe(4);
  });

  it("keeps to the rate that is allowed", async () => {
    const content = noise(MiB);
    const server = await served({ grande: content });
    const into = await folder();
    const begun = performance.now();
    await clienteOf(server, { bytesPerSecond: 2 * MiB }).descargarArchivo("grande", { folder: into });
    // Half a second at that rate, less the burst that is let pass.
    expect(performance.now() - begun).toBeGreaterThan(300);
    await expectFile(join(into, "grande"), content);
  });

  it("has the server's modification time, and is skipped where it is there already", async () => {
    const source = await folder();
    await writeFile(join(source, "a"), "alfa");
    await utimes(join(source, "a"), 1_234_567_890.25, 1_234_567_890.25);
    const server = await served({}, { folder: source });
    const into = await folder();
    const cliente = clienteOf(server);
    expect(await cliente.descargarArchivo("a", { folder: into })).toMatchObject({ skipped: false });
    expect((await stat(join(into, "a"))).mtimeMs).toBe(1_234_567_890_250);
    expect(await cliente.descargarArchivo("a", { folder: into })).toMatchObject({ skipped: true, bytes: 4 });
    await writeFile(join(into, "a"), "otra");
    expect(await cliente.descargarArchivo("a", { folder: into })).toMatchObject({ skipped: false });
    await expectFile(join(into, "a"), "alfa");
  });

  it("of many files shares one connection", async () => {
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, noise(i * 37)]));
    const server = await served(files);
    const into = await folder();
    const cliente = clienteOf(server);
    await Promise.all(Object.keys(files).map((name) => cliente.descargarArchivo(name, { folder: into })));
    for (const [name, content] of Object.entries(files)) await expectFile(join(into, name), content);
    expect(server.connections()).toBe(1);
  });
});
