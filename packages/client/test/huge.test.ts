import { spawn } from "node:child_process";
import { once } from "node:events";
import { type FileHandle, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { peakRssKib, startPythonServer } from "@fileshare/peers";
import { Servidor } from "@fileshare/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { clienteOf, folder, host, listening } from "./served.js";

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;
const size = 3 * GiB;

/** Where the file is not zero: around the places where a length or an offset of 31 bits would turn over. */
const marks = [0, 64 * 1024 - 2, MiB - 2, GiB - 2, 2 * GiB - 2, size - 5];

function markAt(offset: number): Buffer {
  return Buffer.from(`<${String(offset % 997).padStart(3, "0")}`);
}

/** A folder with a sparse file of 3 GiB in it. */
async function hugeFile(): Promise<string> {
  const path = await folder();
  const file = await open(join(path, "enorme.bin"), "w");
  await file.truncate(size);
  for (const offset of marks) await file.write(markAt(offset), 0, 4, offset);
  await file.close();
  return path;
}

/** Where in the files a difference is first seen; undefined for none. */
async function difference(one: FileHandle, other: FileHandle): Promise<number | undefined> {
  const [a, b] = [Buffer.allocUnsafe(8 * MiB), Buffer.allocUnsafe(8 * MiB)];
  for (let at = 0; ; ) {
    const [left, right] = await Promise.all([one.read(a, 0, a.length, at), other.read(b, 0, b.length, at)]);
    if (left.bytesRead !== right.bytesRead || !a.equals(b)) return at;
    if (left.bytesRead === 0) return undefined;
    at += left.bytesRead;
  }
}

/** The most memory that a process is seen to have held, looked at until it has ended. */
function watchMemory(pid: number): { stop: () => number } {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, peakRssKib(pid) ?? 0);
  }, 20);
  return {
    stop: () => {
      clearInterval(timer);
      return most;
    },
  };
}

describe("A file of 3 GiB", () => {
  it("is fetched from the server of old by the command, in 128 MiB of memory", {
    timeout: 120_000,
  }, async () => {
    const path = await hugeFile();
    const into = await folder();
    const server = await startPythonServer({ folder: path });
    onTestFinished(() => server.close());

    const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
    const args = ["get", "enorme.bin", "--json", "-s", `${host}:${server.port}`, "-o", into];
    const child = spawn(process.execPath, [cli, ...args]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const memory = watchMemory(child.pid ?? 0);
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close"),
    ]);
    const peakKib = memory.stop();
    await server.close();

    expect(stderr).toBe("");
    const target = join(into, "enorme.bin");
    expect(JSON.parse(stdout)).toEqual({ event: "done", name: "enorme.bin", path: target, bytes: size });
    expect(await readdir(into)).toEqual(["enorme.bin"]);
    if (process.platform === "linux") expect(peakKib).toBeGreaterThan(0);
    expect(peakKib / 1024).toBeLessThan(128);

    const saved = await open(target);
    const original = await open(join(path, "enorme.bin"));
    expect((await saved.stat()).size).toBe(size);
    expect(await difference(saved, original)).toBeUndefined();
    await Promise.all([saved.close(), original.close()]);
    await rm(target);
  });

  it("is streamed from our server piece by piece", { timeout: 120_000 }, async () => {
    const server = await listening(new Servidor({ folder: await hugeFile(), host, port: 0 }));
    const content = await clienteOf(server).stream("enorme.bin");
    expect(content.length).toBe(size);
    let received = 0;
    let largest = 0;
    const seen = new Map<number, string>();
    for await (const piece of content) {
      for (const offset of marks) {
        // A mark may stand across two pieces.
        const from = Math.max(offset - received, 0);
        const part = Buffer.from(piece.subarray(from, Math.max(offset + 4 - received, 0))).toString();
        seen.set(offset, (seen.get(offset) ?? "") + part);
      }
      largest = Math.max(largest, piece.length);
      received += piece.length;
    }
    expect(received).toBe(size);
    expect(largest).toBeLessThanOrEqual(MiB);
    expect(seen).toEqual(new Map(marks.map((offset) => [offset, markAt(offset).toString()])));
  });
});
