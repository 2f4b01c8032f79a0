// Our own server over a folder of a test's own, and clients of it. All is closed and removed when the test is finished.

import { readFileSync, writeFileSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { tempFolder } from "@fileshare/peers";
import type { Contract, Operaciones } from "@fileshare/protocol";
import { Servidor, type ServidorOptions } from "@fileshare/server";
import { expect, onTestFinished } from "vitest";
import { Cliente, type ClienteOptions } from "../src/index.js";

export const host = "127.0.0.1";

/** An empty folder. */
export async function folder(): Promise<string> {
  const temp = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  return temp.path;
}

/** Bytes that look random and are the same each time: a piece in the wrong place shows. */
export function noise(length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = (length ^ 0x9e3779b9) | 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

export type Files = Readonly<Record<string, Uint8Array | string>>;

export interface Served<C extends Contract = Operaciones> {
  readonly servidor: Servidor<C>;
  readonly port: number;
  /** `operacion` of each request, and its data where that is text, in the order in which they came. */
  readonly asked: string[];
  /** How many connections were opened so far. */
  connections(): number;
}

/** Serves files from a new folder, on a free port. */
export async function served<C extends Contract = Operaciones>(
  files: Files = {},
  options: ServidorOptions<C> = {},
): Promise<Served<C>> {
  const path = await folder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  // A folder that is not empty, though nothing of it is served.
  await mkdir(join(path, "subcarpeta"));
  await symlink("..", join(path, "subcarpeta", "enlace"));
  return listening(new Servidor<C>({ folder: path, host, port: 0, ...options }));
}

/** Starts a server. */
export async function listening<C extends Contract>(servidor: Servidor<C>): Promise<Served<C>> {
  const asked: string[] = [];
  let connections = 0;
  servidor.on("connected", () => {
    connections += 1;
  });
  servidor.on("request", ({ operacion, data }) => {
    asked.push(typeof data === "string" ? `${operacion} ${data}` : operacion);
  });
  const { port } = await servidor.bindListen();
  void servidor.acceptConnections();
  onTestFinished(() => servidor.close());
  return { servidor, port, asked, connections: () => connections };
}

/** A client of what listens on that port of this machine. */
export function clienteOf<C extends Contract = Operaciones>(
  { port }: { readonly port: number },
  options: ClienteOptions<C> = {},
): Cliente<C> {
  const cliente = new Cliente<C>({ host, port, ...options });
  onTestFinished(() => cliente.close());
  return cliente;
}

/** That a file holds exactly these bytes. Says no more than that: a diff of megabytes helps nobody. */
export async function expectFile(path: string, content: Uint8Array | string): Promise<void> {
  expect(`${path}: ${readFileSync(path).equals(Buffer.from(content))}`).toBe(`${path}: true`);
}
