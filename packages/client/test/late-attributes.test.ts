// A server that says after the bytes what they are, as it may: PROTOCOL.md, section 6.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type PyValue, sealOf } from "@fileshare/protocol";
import { PyTuple } from "@fileshare/protocol/pickle";
import { describe, expect, it } from "vitest";
import { clienteOf, expectFile, folder, noise } from "./served.js";
import { rangeReply, talkingServer } from "./talking-server.js";

const MiB = 1024 * 1024;

const lateServer = (bytes: Uint8Array, others: Readonly<Record<string, PyValue>> = {}) =>
  talkingServer((request) => rangeReply(request, bytes, others));

describe("A server that says after the bytes what they are", () => {
  it.each([100, 200_000, MiB, 9 * MiB])("gives a file of %d bytes, whole", async (size) => {
    const bytes = noise(size);
    const cliente = clienteOf(await lateServer(bytes));
    const into = await folder();
    for (let i = 0; i < 2; i++) {
      await cliente.descargarArchivo("a", { folder: into, skipIdentical: false });
      await expectFile(join(into, "a"), bytes);
      expect(await readdir(into)).toEqual(["a"]);
    }
  });

  it("gives a stream, which throws where it turns out that there is more, and the next has all", async () => {
    const bytes = noise(9 * MiB);
    const cliente = clienteOf(await lateServer(bytes));
    const first = await cliente.stream("a");
    await expect(first.bytes()).rejects.toMatchObject({ code: "BAD_REPLY" });
    const second = await cliente.stream("a");
    expect(second.length).toBe(bytes.length);
    expect(Buffer.compare(await second.bytes(), bytes)).toBe(0);
  });

  it("gives a stream of all that there is", async () => {
    const bytes = noise(3 * MiB);
    const content = await clienteOf(await lateServer(bytes)).stream("a");
    expect(Buffer.compare(await content.bytes(), bytes)).toBe(0);
  });

  it.each<[string, Record<string, PyValue>]>([
    ["a seal that is another", { seal: "00000000" }],
    ["another checksum", { checksum: new PyTuple(["crc32", "00000000"]) }],
    ["no checksum", { checksum: null }],
    ["that it changed", { unchanged: false }],
    ["another range", { range: new PyTuple([1, 200_001]) }],
    ["a longer file", { size: 200_001, seal: sealOf(["a", "v", 200_001, 0, 200_000]) }],
    ["no version", { version: null }],
    ["another request", { id: 77 }],
  ])("is not believed with %s", async (_what, wrong) => {
    const bytes = noise(200_000);
    const options = { retries: 0, resume: false };
    const into = await folder();
    const server = await lateServer(bytes, wrong);
    const code = expect.stringMatching(/BAD_REPLY|CHECKSUM|CHANGED/);
    const cliente = clienteOf(server);
    await expect(cliente.descargarArchivo("a", { folder: into, ...options })).rejects.toMatchObject({ code });
    expect(await readdir(into)).toEqual([]);
    const reading = cliente.stream("a").then((content) => content.bytes());
    await expect(reading).rejects.toMatchObject({ code });
  });
});

describe("A server that names another request behind bytes that are right", () => {
  it.each([1, 2, 3])("in its reply %d, is asked for the rest", async (wrong) => {
    const bytes = noise(9 * MiB);
    const server = await talkingServer((request, number) =>
      rangeReply(request, bytes, number === wrong ? { id: 77 } : {}),
    );
    const into = await folder();
    const errors = new Set<unknown>();
    const { resumed } = await clienteOf(server).descargarArchivo("a", {
      folder: into,
      onEvent: (event) => event.type === "retry" && errors.add((event.error as { code?: unknown }).code),
    });
    expect(resumed).toBe(0);
    expect([...errors]).toEqual(["BAD_REPLY"]);
    await expectFile(join(into, "a"), bytes);
    expect(await readdir(into)).toEqual(["a"]);
  });
});

describe("A file that has another size", () => {
  it("is another file, though its version is the same", async () => {
    const [before, after] = [noise(3 * MiB), noise(2 * MiB)];
    const server = await talkingServer((request, number) => rangeReply(request, number < 3 ? before : after));
    const into = await folder();
    const events: string[] = [];
    const onEvent = ({ type }: { type: string }): void => void events.push(type);
    await clienteOf(server).descargarArchivo("a", { folder: into, onEvent });
    await expectFile(join(into, "a"), after);
    expect(events).toContain("restarted");
  });
});
