// A file that fits no buffer, to an old client, which takes some 6.3 GB of memory for it. The server takes next to none.

import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { peakRssKib, runPythonClient } from "@fileshare/peers";
import { expect, test } from "vitest";
import { serveCommand } from "./support/child.js";
import { folderWith } from "./support/served.js";

const GIB = 1024 ** 3;
const timeoutMs = 300_000;

test("fileshare-server sends 3 GiB to a Python client in less than 128 MiB of memory", {
  timeout: timeoutMs,
}, async () => {
  // Zeros, but for its ends.
  const folder = await folderWith({ enorme: "principio" });
  await truncate(join(folder, "enorme"), 3 * GIB - "fin".length);
  await writeFile(join(folder, "enorme"), "fin", { flag: "a" });
  const { child, port } = await serveCommand(folder);
  const { code, stdout, stderr } = await runPythonClient({
    args: ["--hash-only", "--timeout", "120", "localhost", String(port), "get", "enorme"],
    timeoutMs,
  });
  const peak = peakRssKib(child.pid);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const crc = crcWithZeros("principio", 3 * GIB - "principio".length - "fin".length, "fin");
  expect(JSON.parse(stdout)).toEqual({ name: "enorme", estado: "ok", bytes: 3 * GIB, crc32: crc });
  // Node alone takes some 50 MiB.
  if (process.platform === "linux") expect(peak).toBeGreaterThan(10 * 1024);
  expect(peak ?? 0).toBeLessThan(128 * 1024);
});

/** The checksum of so many zeros between two texts, in hex. */
function crcWithZeros(before: string, count: number, after: string): string {
  const zeros = new Uint8Array(16 * 1024 * 1024);
  let crc = crc32(before);
  for (let left = count; left > 0; left -= zeros.length) crc = crc32(zeros.subarray(0, left), crc);
  return crc32(after, crc).toString(16).padStart(8, "0");
}
