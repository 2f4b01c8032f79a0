// Listings that would have a sync remove what the server may have, or never end.

import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Mensaje, type PyValue, sealOf } from "@fileshare/protocol";
import { describe, expect, it } from "vitest";
import { ListingError, type SyncOptions } from "../src/index.js";
import { at, fileshare, servedTree } from "./cli-run.js";
import { clienteOf, folder } from "./served.js";
import { type TalkingServer, talkingServer } from "./talking-server.js";

interface Page {
  readonly names?: readonly string[];
  readonly folders?: readonly string[];
  readonly unreadable?: PyValue;
  readonly next?: string;
}

/** A page, sealed as it should be. */
function pageReply(
  { extras: asked }: Mensaje,
  { names = [], folders = [], unreadable, next }: Page,
): Mensaje {
  const zeros = names.map(() => 0);
  const versions = names.map(() => "v");
  const columns = names.length === 0 ? [] : [names, zeros, versions].map((column) => column.join("\n"));
  const empty = folders.length > 0 ? [folders.join("\n")] : [];
  const closed = Array.isArray(unreadable) && unreadable.length > 0 ? [unreadable.join("\n")] : [];
  const extras: [string, PyValue][] = [
    ["id", asked.get("id") as PyValue],
    ["sizes", zeros],
    ["modified", zeros],
    ["versions", versions],
    ["folders", [...folders]],
    ["next", next ?? null],
    [
      "seal",
      sealOf([(asked.get("after") as string | undefined) ?? "", ...columns, ...empty, ...closed, next ?? ""]),
    ],
  ];
  if (unreadable !== undefined) extras.push(["unreadable", unreadable]);
  return new Mensaje({ data: [...names], estado: "ok", extras });
}

/** Syncs with `delete` into a folder where there is something. Gives what came of it, and what is left. */
async function syncFrom(
  server: TalkingServer,
  options: SyncOptions = {},
): Promise<{ outcome: unknown; left: string[] }> {
  const into = await folder();
  await mkdir(join(into, "secreto"));
  for (const name of ["secreto/a", "enlace"]) await writeFile(join(into, name), "");
  const outcome = await clienteOf(server)
    .sincronizar(into, { delete: true, retries: 0, ...options })
    .catch((error: unknown) => error);
  return { outcome, left: (await readdir(into, { recursive: true })).sort() };
}

describe("A page of deep folders in which there is nothing", () => {
  it("is given up in the middle of it", async () => {
    const below = "/d".repeat(250);
    const folders = Array.from({ length: 90 }, (_, i) => `${100 + i}${below}`);
    const server = await talkingServer((request) => pageReply(request, { folders }));
    const into = await folder();
    const giving = new AbortController();
    const given = clienteOf(server)
      .sincronizar(into, { signal: giving.signal })
      .catch((error: unknown) => error);
    while ((await readdir(into)).length === 0);
    giving.abort(new Error("enough"));
    expect(await given).toMatchObject({ message: "enough" });
    expect((await readdir(into)).length).toBeLessThan(folders.length);
  });
});

describe("A listing", () => {
  it("keeps what has the name of what the server cannot look into, and all below it", async () => {
    const page = { unreadable: ["secreto", "enlace"] };
    const { outcome, left } = await syncFrom(await talkingServer((request) => pageReply(request, page)));
    expect(outcome).toMatchObject({ deleted: [], failed: [{ nombre: "secreto/" }, { nombre: "enlace/" }] });
    expect(left).toEqual(["enlace", "secreto", "secreto/a"]);
  });

  it.each<[PyValue]>([
    [["secreto/"]],
    [["./secreto"]],
    [["/secreto"]],
    [[""]],
    [["a//b"]],
    [[".."]],
    [5],
    ["secreto"],
  ])("is refused where it names what it cannot look into as %j", async (unreadable) => {
    const server = await talkingServer((request) => pageReply(request, { unreadable }));
    const { outcome, left } = await syncFrom(server);
    expect(outcome).toMatchObject({ code: "BAD_REPLY" });
    expect(left).toEqual(["enlace", "secreto", "secreto/a"]);
  });

  it("does not end with a reply that is no page, where the one before was one", async () => {
    const server = await talkingServer((request, number) => {
      if (number === 1) return pageReply(request, { names: ["a"], next: "a" });
      return new Mensaje({ data: [], estado: "ok", extras: [["id", request.extras.get("id") as PyValue]] });
    });
    const { outcome, left } = await syncFrom(server);
    expect(outcome).toMatchObject({ code: "BAD_REPLY" });
    expect(left).toEqual(expect.arrayContaining(["enlace", "secreto", "secreto/a"]));
  });

  it("tells a folder that the server cannot look into once, though the page that begins there names it again", async () => {
    const server = await talkingServer((request, number) =>
      pageReply(request, { unreadable: ["secreto"], ...(number === 1 && { next: "secreto/" }) }),
    );
    const told: string[] = [];
    const onUnreadable = (name: string): void => void told.push(name);
    for await (const _ of clienteOf(server).pedirDetalles({ onUnreadable }));
    expect(server.requests).toHaveLength(2);
    expect(told).toEqual(["secreto/"]);
  });

  it("is refused that has page after page without a name", async () => {
    const server = await talkingServer((request, number) =>
      pageReply(request, { next: String(number).padStart(9, "0") }),
    );
    const { outcome, left } = await syncFrom(server);
    expect(outcome).toMatchObject({ code: "BAD_REPLY" });
    expect(left).toEqual(["enlace", "secreto", "secreto/a"]);
  });
});

describe("What is kept of a listing", () => {
  it.each<[string, Page, number]>([
    ["files", { names: ["a", "b"] }, 204],
    ["files in a folder", { names: ["x/a", "x/b"] }, 512],
    ["files that something stands in the way of", { names: ["secreto/a/b"] }, 1066],
    ["empty folders", { folders: ["x", "y"] }, 608],
    ["names that nothing can be saved under", { names: ["../x"] }, 1016],
    ["folders that the server cannot look into", { unreadable: ["secreto"] }, 1028],
  ])("may take as much memory as a sync is told, and no more: %s", async (_what, page, bytes) => {
    const server = await talkingServer((request) => pageReply(request, page));
    const just = await syncFrom(server, { maxListingBytes: bytes, dryRun: true });
    expect(just.outcome).toHaveProperty("deleted");
    const { outcome, left } = await syncFrom(server, { maxListingBytes: bytes - 1 });
    expect(outcome).toBeInstanceOf(ListingError);
    expect(outcome).toMatchObject({
      code: "LISTING_TOO_LONG",
      maxListingBytes: bytes - 1,
      message: `The server lists more names than fit into ${bytes - 1} bytes of memory: maxListingBytes says how many they may take`,
    });
    expect(left).toEqual(expect.arrayContaining(["enlace", "secreto", "secreto/a"]));
  });

  it("is what the patterns mean, of all pages together", async () => {
    const server = await talkingServer((request, number) => {
      const name = String(number).padStart(9, "0");
      return pageReply(request, { names: [name], ...(number < 9 && { next: name }) });
    });
    const options = { maxListingBytes: 300, dryRun: true, delete: false };
    const { outcome } = await syncFrom(server, { ...options, include: ["00000000[25]"] });
    expect(outcome).toMatchObject({ downloaded: ["000000002", "000000005"] });
    const endless = await talkingServer((request, number) => {
      const name = String(number).padStart(9, "0");
      return pageReply(request, { names: [name], next: name });
    });
    expect((await syncFrom(endless, options)).outcome).toBeInstanceOf(ListingError);
    // The third is one too many, and the one after that was on its way.
    expect(endless.requests.length).toBeLessThanOrEqual(4);
  });

  it("is nothing of names that no pattern means, but their folders where delete keeps these", async () => {
    const names = ["abc/d/1", "abc/d/2", "abc/e", "f"];
    const server = await talkingServer((request) => pageReply(request, { names }));
    const options = { exclude: names, dryRun: true };
    expect(
      (await syncFrom(server, { ...options, delete: false, maxListingBytes: 1 })).outcome,
    ).toHaveProperty("deleted");
    const bytes = 2 * 300 + 2 * ("abc/d".length + "abc".length);
    expect((await syncFrom(server, { ...options, maxListingBytes: bytes })).outcome).toHaveProperty(
      "deleted",
    );
    const { outcome } = await syncFrom(server, { ...options, maxListingBytes: bytes - 1 });
    expect(outcome).toBeInstanceOf(ListingError);
  });

  it("is bounded by a number", async () => {
    for (const maxListingBytes of [0, -1, 1.5, Number.NaN]) {
      const syncing = clienteOf({ port: 1 }).sincronizar(await folder(), { maxListingBytes });
      await expect(syncing).rejects.toThrow(RangeError);
    }
  });

  it("is bounded by --max-listing in the command", async () => {
    const server = await servedTree({ "fotos/a.jpg": "", "fotos/b.jpg": "", x: "" });
    const cwd = await folder();
    const run = (...args: string[]) => fileshare([...args, "-s", at(server)], { cwd }).ended;
    const refused = (bytes: number): object => ({
      code: 1,
      stdout: "",
      stderr: `fileshare: The server lists more names than fit into ${bytes} bytes of memory: --max-listing allows them more, and patterns take fewer\n`,
    });
    expect(await run("ls", "--max-listing", "322")).toEqual({ code: 0, stdout: "fotos/\nx\n", stderr: "" });
    expect(await run("ls", "--max-listing", "321")).toEqual(refused(321));
    expect(await run("get", "*.jpg", "--max-listing", "1k")).toMatchObject({ code: 0 });
    expect(await run("get", "*.jpg", "--max-listing", "600")).toEqual(refused(600));
    expect(await run("sync", "--max-listing", "1k")).toMatchObject({ code: 0 });
    expect(await run("sync", "--max-listing", "600", "-q")).toEqual(refused(600));
    expect(await run("sync", "--max-listing", "nada")).toMatchObject({ code: 2 });
  });
});
