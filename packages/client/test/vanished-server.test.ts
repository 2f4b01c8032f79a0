// A server that is gone without a word: its packets are lost, and no connection is closed.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { ConexionError } from "@fileshare/protocol";
import { Servidor } from "@fileshare/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FreezingProxy, freezingProxy } from "./freezing-proxy.js";
import { clienteOf, expectFile, folder, host, listening, noise, type Served } from "./served.js";

const KiB = 1024;
const RETRIES = 2;

/** Short, for a test; what is waited for is one of these each time. */
const times = { replyTimeoutMs: 1500, stallMs: 1500, connectTimeoutMs: 1500 } as const;

/** Of two sizes: those that go in batches, and those that go by themselves, whole or in ranges. */
const sizes = new Map<string, number>([
  ...Array.from({ length: 1200 }, (_, i) => [`s${1000 + i}`, 2 * KiB + i] as const),
  ...Array.from({ length: 16 }, (_, i) => [`t${10 + i}`, 300 * KiB + i] as const),
]);
const names = [...sizes.keys()];

async function servedMany(): Promise<Served> {
  const path = await folder();
  for (const [name, size] of sizes) await writeFile(join(path, name), noise(size));
  return listening(new Servidor({ folder: path, host, port: 0 }));
}

/** A proxy that loses all packets once so much has come, on the connections that there are or on all. */
async function vanishing(all: boolean): Promise<FreezingProxy> {
  let isOver = false;
  const proxy = await freezingProxy(await servedMany(), (bytes) => {
    if (isOver || bytes < 1000 * KiB) return;
    isOver = true;
    proxy.freeze({ all });
  });
  return proxy;
}

/** The files that are there, each of them whole; besides, nothing but what the next run can go on with. */
async function wholeFilesIn(into: string): Promise<string[]> {
  const all = await readdir(into);
  for (const part of all.filter((name) => name.endsWith(".part")))
    expect(all).toContain(part.replace(".part", ".log"));
  const there = all.filter((name) => !name.startsWith(".fileshare-"));
  for (const name of there) await expectFile(join(into, name), noise(sizes.get(name) ?? 0));
  return there;
}

/** What this process has open in a folder. */
async function openIn(path: string): Promise<string[]> {
  const fds = await readdir("/proc/self/fd").catch(() => []);
  const links = await Promise.all(fds.map((fd) => readlink(join("/proc/self/fd", fd)).catch(() => "")));
  return links.filter((link) => link.startsWith(path));
}

describe("A server that vanishes", () => {
  it("for good ends a sync for all files at once, and the next one goes on", async () => {
    const proxy = await vanishing(true);
    const into = await folder();
    const cliente = clienteOf(proxy, times);
    const ended = await cliente.sincronizar(into, { retries: RETRIES }).catch((error: unknown) => error);
    expect(ended).toBeInstanceOf(ConexionError);
    expect(ended).toMatchObject({ code: "STALLED" });
    // One for each time that it is tried, whatever the number of files, and for whether it answers at all.
    expect(proxy.connections()).toBeLessThanOrEqual(RETRIES + 3);
    const there = await wholeFilesIn(into);
    expect(there.length).toBeGreaterThan(0);
    expect(there.length).toBeLessThan(names.length);
    expect(await openIn(into)).toEqual([]);
    proxy.thaw();
    const { downloaded, unchanged, failed } = await cliente.sincronizar(into);
    expect(failed).toEqual([]);
    expect(unchanged).toBe(there.length);
    expect([...there, ...downloaded].sort()).toEqual(names);
    expect(await wholeFilesIn(into)).toHaveLength(names.length);
    expect(await readdir(into)).toHaveLength(names.length);
  });

  it("over a connection is asked over another one: nothing is missing in the end", async () => {
    const proxy = await vanishing(false);
    const into = await folder();
    const retried = new Set<string>();
    const { downloaded, failed } = await clienteOf(proxy, times).sincronizar(into, {
      onEvent: (name = "", { type }) => type === "retry" && retried.add(name),
    });
    expect(failed).toEqual([]);
    expect(downloaded).toHaveLength(names.length);
    expect(retried.size).toBeGreaterThan(0);
    expect(await wholeFilesIn(into)).toHaveLength(names.length);
    expect(await openIn(into)).toEqual([]);
  });

  it("for good ends many downloads together, each with its error, and nothing is left of any", async () => {
    const proxy = await vanishing(true);
    const into = await folder();
    const cliente = clienteOf(proxy, times);
    const ended = await Promise.all(
      names.map((name) =>
        cliente.descargarArchivo(name, { folder: into, retries: RETRIES }).then(
          () => name,
          (error: unknown) => error,
        ),
      ),
    );
    const done = ended.filter((each) => typeof each === "string");
    for (const error of ended.filter((each) => typeof each !== "string"))
      expect(error).toBeInstanceOf(ConexionError);
    expect(done.length).toBeGreaterThan(0);
    expect(done.length).toBeLessThan(names.length);
    expect((await wholeFilesIn(into)).sort()).toEqual(done);
    expect(await openIn(into)).toEqual([]);
    expect(proxy.connections()).toBeLessThanOrEqual(2 * (RETRIES + 2));
    proxy.thaw();
    expect((await cliente.sincronizar(into)).unchanged).toBe(done.length);
    expect(await readdir(into)).toHaveLength(names.length);
  });

  it("leaves no timer and no socket: a process that was syncing ends by itself", async () => {
    const proxy = await vanishing(true);
    const script = fileURLToPath(new URL("./vanished-child.mjs", import.meta.url));
    const child = spawn(process.execPath, [script, String(proxy.port), await folder()]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const said = Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = await once(child, "close");
    expect(await said).toEqual(["ConexionError STALLED\n", ""]);
    expect(code).toBe(0);
  });
});
