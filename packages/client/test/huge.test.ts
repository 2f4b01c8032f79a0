import { spawn } from "node:child_process";
import { once } from "node:events";
import { type FileHandle, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { peakRssKib, startPythonServer } from "@fileshare/peers";
import { Servidor } from "@fileshare/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { folder, host, listening } from "./served.js";

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

/** Where the file is not zero: around the places where a length or an offset of 31 or 32 bits would turn over. */
function marksOf(size: number): number[] {
  const places = [0, 64 * 1024 - 2, MiB - 2, GiB + 2, 2 * GiB - 4, 2 * GiB, 4 * GiB - 4, 4 * GiB, size - 5];
  return places.filter((place) => place < size - 4);
}

function markAt(offset: number): Buffer {
  return Buffer.from(`<${String(offset % 997).padStart(3, "0")}`);
}

/** A folder with a sparse file in it. */
async function hugeFile(size: number): Promise<string> {
  const path = await folder();
  const file = await open(join(path, "enorme.bin"), "w");
  await file.truncate(size);
  for (const offset of marksOf(size)) await file.write(markAt(offset), 0, 4, offset);
  await file.close();
  return path;
}

/** Where a block first differs from what the file is made of; undefined for nowhere. */
async function difference(file: FileHandle, size: number): Promise<number | undefined> {
  const block = Buffer.allocUnsafe(8 * MiB);
  const zeros = Buffer.alloc(block.length);
  for (let at = 0; at < size; at += block.length) {
    const { bytesRead } = await file.read(block, 0, block.length, at);
    for (const offset of marksOf(size)) {
      // Each stands within one block. Once it was found to be right, it is as zero as the rest.
      if (offset < at || offset >= at + bytesRead) continue;
      if (!block.subarray(offset - at, offset - at + 4).equals(markAt(offset))) return offset;
      block.fill(0, offset - at, offset - at + 4);
    }
    if (!block.subarray(0, bytesRead).equals(zeros.subarray(0, Math.min(block.length, size - at)))) return at;
  }
  return undefined;
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

/** Gets the file by the command, and checks it. */
async function checkGet(server: string, size: number): Promise<void> {
  const into = await folder();
  const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
  const child = spawn(process.execPath, [cli, "get", "enorme.bin", "--json", "-s", server, "-o", into]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const memory = watchMemory(child.pid ?? 0);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  const peakKib = memory.stop();

  expect(stderr).toBe("");
  const target = join(into, "enorme.bin");
  const events = stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { event: string });
  expect(events.find(({ event }) => event === "done")).toMatchObject({
    event: "done",
    name: "enorme.bin",
    path: target,
    bytes: size,
  });
  expect(await readdir(into)).toEqual(["enorme.bin"]);
  if (process.platform === "linux") expect(peakKib).toBeGreaterThan(0);
  expect(peakKib / 1024).toBeLessThan(128);

  const saved = await open(target);
  expect((await saved.stat()).size).toBe(size);
  expect(await difference(saved, size)).toBeUndefined();
  await saved.close();
  await rm(target);
}

describe("The command, in 128 MiB of memory", { timeout: 300_000 }, () => {
  it("gets a file of 3 GiB from the server of old", async () => {
    const size = 3 * GiB;
    const server = await startPythonServer({ folder: await hugeFile(size) });
    onTestFinished(() => server.close());
    await checkGet(`${server.host}:${server.port}`, size);
  });

  it("gets a file that no frame could hold from our server, in ranges", async () => {
    const size = 4 * GiB + 5 * MiB + 3;
    const { port } = await listening(new Servidor({ folder: await hugeFile(size), host, port: 0 }));
    await checkGet(`${host}:${port}`, size);
  });
});
