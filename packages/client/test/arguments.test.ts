// What is given wrongly is refused in words, before the server hears of anything.

import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Cliente, connect } from "../src/index.js";
import { clienteOf, folder, served } from "./served.js";

/** What no type lets through. */
const wrong = (value: unknown): never => value as never;

type Call = (cliente: Cliente, into: string) => Promise<unknown>;

const syncing =
  (options: unknown): Call =>
  (cliente, into) =>
    cliente.sincronizar(into, wrong(options));
const getting =
  (options: object): Call =>
  (cliente, into) =>
    cliente.descargarArchivo("a", { folder: into, ...options });
const listing =
  (options: unknown): Call =>
  (cliente) =>
    cliente.pedirDetalles(wrong(options)).next();

const requesting =
  (operacion: unknown): Call =>
  (cliente) =>
    cliente.request(wrong(operacion), wrong(null));

const calls: readonly (readonly [message: string, call: Call])[] = [
  ["Cannot use options null: it must be an object", syncing(null)],
  ['Cannot use include "*.txt": it must be a list of strings', syncing({ include: "*.txt" })],
  ["Cannot use exclude 1,2: it must be a list of strings", syncing({ exclude: [1, 2] })],
  ['Cannot use delete "no": it must be true or false', syncing({ delete: "no", dryRun: true })],
  ["Cannot use dryRun 1: it must be true or false", syncing({ dryRun: 1 })],
  ["Cannot use onFile 5: it must be a function", syncing({ onFile: 5 })],
  ["Cannot use signal [object Object]: it must be an AbortSignal", syncing({ signal: {} })],
  [
    'Cannot use options "carpeta": it must be an object',
    (cliente) => cliente.descargarArchivo("a", wrong("carpeta")),
  ],
  ["Cannot use folder 5: it must be a string", getting({ folder: 5 })],
  ["Cannot use saveAs 5: it must be a string", getting({ saveAs: 5 })],
  ['Cannot use known "a": it must be an object', getting({ known: "a" })],
  ["Cannot use onProgress true: it must be a function", getting({ onProgress: true })],
  ["Cannot use after 5: it must be a string", listing({ after: 5 })],
  ["Cannot use details sizes: it must be a list of size, modified, version", listing({ details: ["sizes"] })],
  ["Cannot use recursive 1: it must be true or false", listing({ recursive: 1 })],
  [
    "Cannot use signal 5: it must be an AbortSignal",
    (cliente) => cliente.pedirListaArchivos({ signal: wrong(5) }),
  ],
  ["Cannot use signal 5: it must be an AbortSignal", (cliente) => cliente.stream("a", { signal: wrong(5) })],
  ["Cannot use nombre 5: it must be a string", (cliente) => cliente.pedirDigest(wrong(5))],
  ["Cannot use operacion Symbol(x): it must be a string", requesting(Symbol("x"))],
  ["Cannot use operacion 5: it must be a string", requesting(5n)],
  ...[null, 5].flatMap((options): [message: string, call: Call][] => {
    const message = `Cannot use options ${options}: it must be an object`;
    return [
      [message, (cliente) => cliente.connect(wrong(options))],
      [message, (cliente) => cliente.stream("a", wrong(options))],
      [message, (cliente) => cliente.pedirDigest("a", wrong(options))],
      [message, (cliente) => cliente.request("listar", null, wrong(options))],
    ];
  }),
  [
    "Cannot use signal null: it must be an AbortSignal",
    (cliente) => cliente.connect({ signal: wrong(null) }),
  ],
  [
    "Cannot use signal null: it must be an AbortSignal",
    (cliente) => cliente.pedirDigest("a", { signal: wrong(null) }),
  ],
];

describe("What an app gives", () => {
  it.each(calls)("is refused: %s", async (message, call) => {
    const server = await served({ a: "alfa" });
    const into = join(await folder(), "espejo");
    const error = await call(clienteOf(server), into).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toBe(message);
    expect(server.connections()).toBe(0);
    expect(existsSync(into)).toBe(false);
  });

  it("is refused where it is no number, too", async () => {
    const server = await served({ a: "alfa" });
    const into = join(await folder(), "espejo");
    const syncing = clienteOf(server).sincronizar(into, { maxListingBytes: wrong(null) });
    await expect(syncing).rejects.toThrow(
      new RangeError("Cannot use maxListingBytes null: it must be a whole number from 1 to Infinity"),
    );
    expect(server.connections()).toBe(0);
    expect(() => new Cliente({ port: wrong(null) })).toThrow(RangeError);
    expect(() => new Cliente({ stallMs: wrong("5") })).toThrow('Cannot use stallMs "5": it must be a whole');
    expect(() => new Cliente({ connections: wrong(Symbol("x")) })).toThrow(RangeError);
  });

  it.each([
    ["Cannot use module 5: it must be a string", TypeError, { module: 5 }],
    ["Cannot use qualname null: it must be a string", TypeError, { qualname: null }],
    ["Cannot use slots 1: it must be true or false", TypeError, { slots: 1 }],
    ['Cannot use construction "old": it must be "new" or "classic"', TypeError, { construction: "old" }],
    ["Cannot use protocol 9: it must be a whole number from 0 to 5", RangeError, { protocol: 9 }],
    ["Cannot use protocol null: it must be a whole number from 0 to 5", RangeError, { protocol: null }],
  ])("is refused of a dialect: %s", (message, kind, dialect) => {
    expect(() => new Cliente({ dialect: wrong(dialect) })).toThrow(new kind(message));
  });

  it("is what a client has by default, where what is given is undefined", async () => {
    const server = await served({ a: "alfa" });
    const dialect = wrong({ module: undefined, protocol: undefined });
    expect(await clienteOf(server, { dialect }).pedirListaArchivos()).toEqual(["a"]);
  });

  it("is refused of a client as well", async () => {
    await expect(connect(wrong("campus.example"))).rejects.toThrow(TypeError);
    expect(() => new Cliente({ host: wrong(5) })).toThrow("Cannot use host 5: it must be a string");
    expect(() => new Cliente({ acceptClass: wrong("Mensaje") })).toThrow(TypeError);
  });

  it.each([true, false])("is no folder to sync into where it is a file (dry run: %s)", async (dryRun) => {
    const server = await served({ a: "alfa" });
    const file = join(await folder(), "fichero");
    await writeFile(file, "");
    for (const path of [file, join(file, "dentro")]) {
      await expect(clienteOf(server).sincronizar(path, { dryRun })).rejects.toMatchObject({
        name: "TargetError",
        code: "NOT_WRITTEN",
        message: `Cannot save ${JSON.stringify(path)}: it is a file, not a folder`,
      });
    }
    await expect(clienteOf(server).sincronizar("a\0b", { dryRun })).rejects.toMatchObject({
      code: "BAD_NAME",
    });
    expect(server.connections()).toBe(0);
  });
});
