// Listings with details: which are asked for, when the next page is, and what a server may answer.

import { Mensaje, type PyValue, sealOf } from "@fileshare/protocol";
import { describe, expect, it } from "vitest";
import { type Detail, type RemoteDetails, ReplyError } from "../src/index.js";
import { framed, ok, rawServer, sends, silence } from "./raw-server.js";
import { clienteOf, served } from "./served.js";
import { talkingServer } from "./talking-server.js";

/** Two numbers as 64 bits each, the low byte first. */
function packed(...words: readonly [low: number, high: number][]): Uint8Array {
  return new Uint8Array(Uint32Array.from(words.flat()).buffer);
}

const zero = [0, 0] as [number, number];

/** A page as a server with extensions sends it, of files whose sizes and versions are those in the seal. */
function page(id: number, extras: Readonly<Record<string, PyValue>>, sealed: readonly (string | number)[]) {
  const next = extras.next ?? null;
  return framed({
    operacion: null,
    data: ["a", "b"],
    estado: "ok",
    id,
    ...extras,
    next,
    seal: sealOf([...sealed, next === null ? "" : (next as string)]),
  });
}

/** The same as a Mensaje, of the last page. */
function lastPage(
  columns: Readonly<Record<string, PyValue>>,
  sealed: readonly (string | number)[],
  id: PyValue,
) {
  const seal = sealOf([...sealed, ""]);
  const extras = Object.entries({ id, ...columns, next: null, seal });
  return new Mensaje({ data: ["a", "b"], estado: "ok", extras });
}

async function collect(pages: AsyncIterable<readonly RemoteDetails[]>): Promise<RemoteDetails[]> {
  const files: RemoteDetails[] = [];
  for await (const each of pages) files.push(...each);
  return files;
}

describe("pedirDetalles()", () => {
  it("tells of each file what is asked for, and all where nothing is said", async () => {
    const cliente = clienteOf(await served({ a: "alfa", b: "" }));
    const all = await collect(cliente.pedirDetalles());
    expect(all).toEqual([
      { name: "a", size: 4, modified: expect.any(Number), version: expect.stringContaining("4-") },
      { name: "b", size: 0, modified: expect.any(Number), version: expect.stringContaining("0-") },
    ]);
    const choices: Detail[][] = [
      [],
      ["size"],
      ["modified"],
      ["version"],
      ["version", "size"],
      ["size", "size"],
    ];
    for (const details of choices) {
      const expected = all.map((file) => ({
        name: file.name,
        size: details.includes("size") ? file.size : undefined,
        modified: details.includes("modified") ? file.modified : undefined,
        version: details.includes("version") ? file.version : undefined,
      }));
      expect(await collect(cliente.pedirDetalles({ details })), details.join()).toEqual(expected);
    }
  });

  it("tells nothing of the files of an empty folder", async () => {
    const cliente = clienteOf(await served());
    expect(await collect(cliente.pedirDetalles())).toEqual([]);
  });

  it("asks for the next page while the app has this one, and for no more than that", async () => {
    const first = page(1, { sizes: packed([1, 0], [2, 1]), next: "b" }, ["", "a", "b", 1, 2 ** 32 + 2]);
    const second = page(2, { data: ["c", "d"], sizes: [3, 4], next: "d" }, ["b", "c", "d", 3, 4]);
    const server = await rawServer(sends(first), sends(second), silence);
    const pages = clienteOf(server).pedirDetalles({ details: ["size"] });
    const sizes = async (): Promise<unknown> => ((await pages.next()).value ?? []).map(({ size }) => size);
    expect(await sizes()).toEqual([1, 2 ** 32 + 2]);
    await server.waitForRequests(2);
    expect(await sizes()).toEqual([3, 4]);
    await server.waitForRequests(3);
    expect(server.requests()).toBe(3);
  });

  it("tells that the next page failed when the app comes to it", async () => {
    const first = page(1, { next: "b" }, ["", "a", "b"]);
    const second = page(2, {}, ["otro", "a", "b"]);
    const pages = clienteOf(await rawServer(sends(first), sends(second))).pedirDetalles({ details: [] });
    expect((await pages.next()).value).toHaveLength(2);
    // By then it has failed.
    await new Promise((resolve) => setImmediate(resolve));
    await expect(pages.next()).rejects.toThrow(ReplyError);
  });

  it("leaves the connection to others where the app has seen enough", async () => {
    const files = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`archivo-${i}`, ""]));
    const server = await served(files);
    const cliente = clienteOf(server);
    for await (const each of cliente.pedirDetalles()) {
      expect(each.length).toBeLessThan(3000);
      break;
    }
    expect(await cliente.pedirListaArchivos()).toHaveLength(3000);
    expect(server.connections()).toBe(1);
  });

  it("takes the names of an old server", async () => {
    const cliente = clienteOf(await rawServer(sends(ok(["a", "b"]))));
    const unknown = { size: undefined, modified: undefined, version: undefined };
    expect(await collect(cliente.pedirDetalles())).toEqual([
      { name: "a", ...unknown },
      { name: "b", ...unknown },
    ]);
  });

  const sizes = packed([1, 0], zero);
  const modified = new Uint8Array(Float64Array.from([1.5, 2]).buffer);
  const good = { sizes, modified, versions: "x\ny" };
  const sealed = ["", "a", "b", 1, 0, "x", "y"];

  it("takes columns as lists and packed", async () => {
    for (const extras of [good, { sizes: [1, 0], modified: [1.5, 2], versions: ["x", "y"] }]) {
      const cliente = clienteOf(await rawServer(sends(page(1, extras, sealed))));
      expect(await collect(cliente.pedirDetalles())).toEqual([
        { name: "a", size: 1, modified: 1.5, version: "x" },
        { name: "b", size: 0, modified: 2, version: "y" },
      ]);
    }
  });

  it("takes names packed", async () => {
    const names = { ...good, data: [], names: "a\nb" };
    const cliente = clienteOf(await rawServer(sends(page(1, names, sealed))));
    expect((await collect(cliente.pedirDetalles())).map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it.each([[65_536], [65_537]])("takes 65,536 packed names at the most: %d", async (count) => {
    const names = Array.from({ length: count }, (_, i) => `${i}`);
    const reply = page(1, { data: [], names: names.join("\n") }, ["", ...names]);
    const collecting = collect(clienteOf(await rawServer(sends(reply))).pedirDetalles({ details: [] }));
    if (count > 65_536) await expect(collecting).rejects.toThrow(ReplyError);
    else expect(await collecting).toHaveLength(count);
  });

  it.each<[string, Record<string, PyValue>]>([
    ["names both packed and not", { names: "a\nb" }],
    ["packed names that are not those in the seal", { data: [], names: "a\nc" }],
    ["sizes of fewer files", { sizes: packed(zero) }],
    ["sizes of more files", { sizes: packed(zero, zero, zero) }],
    ["sizes that are cut", { sizes: sizes.subarray(0, 15) }],
    ["a size beyond what a number can tell", { sizes: packed([1, 0x20_0000], zero) }],
    ["sizes as text", { sizes: "1\n0" }],
    ["a time that is none", { modified: new Uint8Array(Float64Array.from([Number.NaN, 2]).buffer) }],
    [
      "a time without end",
      { modified: new Uint8Array(Float64Array.from([1, Number.POSITIVE_INFINITY]).buffer) },
    ],
    ["versions of fewer files", { versions: "x" }],
    ["versions of more files", { versions: "x\ny\n" }],
    ["versions as bytes", { versions: Uint8Array.of(120, 10, 121) }],
    ["no sizes", { sizes: null }],
  ])("refuses a page with %s", async (_what, extras) => {
    const cliente = clienteOf(await rawServer(sends(page(1, { ...good, ...extras }, sealed))));
    await expect(collect(cliente.pedirDetalles())).rejects.toThrow(ReplyError);
  });

  it.each<[string, string[], string | null]>([
    ["names out of order", ["d", "c"], "d"],
    ["a name twice", ["c", "c"], "c"],
    ["names of the page before", ["a", "c"], "c"],
    ["a next before its last name", ["c", "d"], "c"],
    ["the same next again", [], "b"],
    ["a next of before", [], "a"],
    ["names of the page before at the end", ["b"], null],
  ])("refuses a second page with %s, as it may have no end", async (_what, data, next) => {
    const first = page(1, { next: "b" }, ["", "a", "b"]);
    const second = page(2, { data, next }, ["b", ...data]);
    const pages = clienteOf(await rawServer(sends(first), sends(second))).pedirDetalles({ details: [] });
    await pages.next();
    await expect(pages.next()).rejects.toThrow(ReplyError);
  });

  it("takes columns that were not asked for, which the seal covers, for not there", async () => {
    const cliente = clienteOf(await rawServer(sends(page(1, good, sealed))));
    expect(await collect(cliente.pedirDetalles({ details: ["modified"] }))).toEqual([
      { name: "a", size: undefined, modified: 1.5, version: undefined },
      { name: "b", size: undefined, modified: 2, version: undefined },
    ]);
  });

  it.each([true, false])(
    "asks a server by a word that takes no list of details (folders: %s)",
    async (recursive) => {
      const server = await talkingServer(({ extras }) => {
        const id = extras.get("id") as PyValue;
        if (extras.get("details") === true) return lastPage(good, sealed, id);
        return recursive
          ? lastPage({}, ["", "a", "b"], id)
          : new Mensaje({ data: ["a", "b"], estado: "ok", extras: [["id", id]] });
      });
      const cliente = clienteOf(server);
      for (let i = 0; i < 2; i++) {
        expect(await collect(cliente.pedirDetalles({ recursive }))).toEqual([
          { name: "a", size: 1, modified: 1.5, version: "x" },
          { name: "b", size: 0, modified: 2, version: "y" },
        ]);
      }
      expect(server.requests).toHaveLength(3);
    },
  );

  it("takes the names alone of a server that gives no details however it is asked", async () => {
    const server = await talkingServer(
      ({ extras }) =>
        new Mensaje({ data: ["b", "a"], estado: "ok", extras: [["id", extras.get("id") as PyValue]] }),
    );
    const files = await collect(clienteOf(server).pedirDetalles());
    expect(files.map(({ name }) => name)).toEqual(["b", "a"]);
  });

  it("refuses a page whose packed columns were damaged", async () => {
    const cliente = clienteOf(await rawServer(sends(page(1, good, ["", "a", "b", 1, 1, "x", "y"]))));
    await expect(collect(cliente.pedirDetalles())).rejects.toThrow(ReplyError);
  });
});
