import { createHash } from "node:crypto";
import { stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sealOf } from "@fileshare/protocol";
import { PyTuple } from "@fileshare/protocol/pickle";
import { describe, expect, it } from "vitest";
import { NoDigestError, RefusedError } from "../src/index.js";
import { framed, ok, rawServer, sends, silence } from "./raw-server.js";
import { clienteOf, expectFile, folder, noise, served } from "./served.js";
import { rangeReply, talkingServer } from "./talking-server.js";

const sha256 = (content: Uint8Array | string): string => createHash("sha256").update(content).digest("hex");

describe("pedirDigest()", () => {
  it("gives the SHA-256 of whole files, many at once", async () => {
    const files = { vacio: "", "notas.txt": "hola\n", "grande.bin": noise(5 * 1024 * 1024 + 3) };
    const cliente = clienteOf(await served(files));
    const names = Object.keys(files) as (keyof typeof files)[];
    const digests = await Promise.all(names.map((name) => cliente.pedirDigest(name)));
    expect(digests).toEqual(names.map((name) => sha256(files[name])));
  });

  it("rejects where there is no such file, and the client goes on", async () => {
    const cliente = clienteOf(await served({ a: "alfa" }));
    await expect(cliente.pedirDigest("falta")).rejects.toBeInstanceOf(RefusedError);
    expect(await cliente.pedirDigest("a")).toBe(sha256("alfa"));
  });

  const reply = (id: number, digest: string | null) =>
    framed({
      operacion: null,
      estado: "ok",
      id,
      size: 4,
      version: "v",
      modified: 1.5,
      range: new PyTuple([0, 0]),
      seal: sealOf(["a", "v", 4, 0, 0]),
      digest: new PyTuple(["sha256", digest]),
      data: new Uint8Array(0),
    });

  it("waits for as long as a server may compute before it says so, though other replies have less time", async () => {
    const server = await rawServer((socket) => {
      setTimeout(() => socket.write(reply(1, "0".repeat(64))), 300);
    });
    expect(await clienteOf(server, { replyTimeoutMs: 50 }).pedirDigest("a")).toBe("0".repeat(64));
  });

  it("asks again while the server is computing", async () => {
    const server = await rawServer(
      sends(reply(1, null)),
      sends(reply(2, null)),
      sends(reply(3, sha256("a"))),
    );
    expect(await clienteOf(server).pedirDigest("a")).toBe(sha256("a"));
    expect(server.requests()).toBe(3);
  });

  it("asks again where what comes is no SHA-256", async () => {
    for (const damaged of ["", "ab", sha256("a").toUpperCase(), `${sha256("a")}\n`]) {
      const server = await rawServer(sends(reply(1, damaged)), sends(reply(2, sha256("a"))));
      expect(await clienteOf(server).pedirDigest("a")).toBe(sha256("a"));
      expect(server.requests()).toBe(2);
    }
  });

  it("rejects where the file keeps changing while it is computed", async () => {
    const server = await talkingServer((request, number) =>
      rangeReply(request, new Uint8Array(0), {
        version: `v${number}`,
        seal: sealOf(["a", `v${number}`, 0, 0, 0]),
        digest: new PyTuple(["sha256", null]),
      }),
    );
    await expect(clienteOf(server).pedirDigest("a")).rejects.toMatchObject({ code: "CHANGED", nombre: "a" });
    expect(server.requests).toHaveLength(7);
  });

  it("rejects with NO_DIGEST where it is computed for longer than it may be", async () => {
    const server = await talkingServer((request) =>
      rangeReply(request, new Uint8Array(0), { digest: new PyTuple(["sha256", null]) }),
    );
    const cliente = clienteOf(server, { digestTimeoutMs: 200 });
    await expect(cliente.pedirDigest("a")).rejects.toBeInstanceOf(NoDigestError);
    expect(server.requests.length).toBeGreaterThan(1);
  });

  it("rejects with NO_DIGEST where the server is an old one, which is then not asked again", async () => {
    const server = await rawServer(sends(ok(noise(100_000))));
    const cliente = clienteOf(server);
    await expect(cliente.pedirDigest("a")).rejects.toMatchObject({
      name: "NoDigestError",
      code: "NO_DIGEST",
      nombre: "a",
    });
    await expect(cliente.pedirDigest("a")).rejects.toBeInstanceOf(NoDigestError);
    expect(server.requests()).toBe(1);
  });

  it("is given up by its signal, while it waits for the reply and between two", async () => {
    const silent = await rawServer(silence);
    const computing = await rawServer(sends(reply(1, null)), silence);
    for (const [server, requests] of [
      [silent, 1],
      [computing, 1],
      [computing, 2],
    ] as const) {
      const given = new AbortController();
      const asked = clienteOf(server).pedirDigest("a", { signal: given.signal });
      await server.waitForRequests(requests);
      given.abort(new Error("basta"));
      await expect(asked).rejects.toThrow("basta");
    }
  });
});

describe("descargarArchivo() with what a listing said", () => {
  it("skips a file that is there without a request, and gets one that has changed since", async () => {
    const server = await served({ a: "alfa" });
    const cliente = clienteOf(server);
    const into = await folder();
    const { value: page } = await cliente.pedirDetalles().next();
    const known = page?.[0];
    const first = await cliente.descargarArchivo("a", { folder: into, known });
    expect(first).toMatchObject({ bytes: 4, skipped: false });
    const asked = server.asked.length;
    expect(await cliente.descargarArchivo("a", { folder: into, known })).toEqual({ ...first, skipped: true });
    expect(server.asked).toHaveLength(asked);
    const stale = known && { ...known, version: "otra", modified: 5 };
    const events: unknown[] = [];
    const options = { folder: into, known: stale, onEvent: (event: unknown) => events.push(event) };
    expect(await cliente.descargarArchivo("a", options)).toMatchObject({ bytes: 4, skipped: false });
    expect(events).toEqual([{ type: "restarted" }]);
    await expectFile(join(into, "a"), "alfa");
  });

  it("takes what a listing said of another file for nothing", async () => {
    const server = await served({ a: "alfa", b: "una más larga" });
    const cliente = clienteOf(server);
    const { value: page } = await cliente.pedirDetalles().next();
    const into = await folder();
    await cliente.descargarArchivo("b", { folder: into, known: page?.[0] });
    await expectFile(join(into, "b"), "una más larga");
  });
});

describe("sincronizar() with checksum", () => {
  it("takes files of one size and digest for the same, and rejects with NO_DIGEST where there is none", async () => {
    const server = await served({ a: "alfa", b: "beta" });
    const cliente = clienteOf(server);
    const into = await folder();
    await cliente.sincronizar(into);
    const { atime, mtime } = await stat(join(into, "a"));
    await writeFile(join(into, "a"), "ALFA");
    await utimes(join(into, "a"), atime, mtime);
    await utimes(join(into, "b"), 1, 1);
    const progress: unknown[] = [];
    const report = await cliente.sincronizar(into, {
      checksum: true,
      onProgress: (now) => progress.push(now),
    });
    expect(report).toEqual({
      downloaded: ["a"],
      unchanged: 1,
      folders: [],
      deleted: [],
      failed: [],
      bytes: 4,
    });
    expect(progress.at(-1)).toEqual({ compared: 2, unchanged: 1, files: 1, done: 1, total: 4, received: 4 });
    await expectFile(join(into, "a"), "alfa");
  });
});
