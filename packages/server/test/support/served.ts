// A server in this process, over a folder of its own.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@fileshare/peers";
import type { Contract, Operaciones } from "@fileshare/protocol";
import { onTestFinished } from "vitest";
import { type Servidor, type ServidorEvents, type ServidorOptions, serve } from "../../src/index.js";

type Files = Readonly<Record<string, string | Uint8Array>>;

/** A folder with these files, gone at the end of the test. */
export async function folderWith(files: Files = {}): Promise<string> {
  const folder = await tempFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder.path, name), content);
  return folder.path;
}

export interface Served<C extends Contract> {
  readonly servidor: Servidor<C>;
  readonly port: number;
  readonly folder: string;
}

/** Serves these files on a free port until the end of the test. */
export async function served<C extends Contract = Operaciones>(
  options: ServidorOptions<C> & { readonly files?: Files } = {},
): Promise<Served<C>> {
  const { files, ...rest } = options;
  const folder = await folderWith(files);
  const servidor = await serve<C>({ folder, port: 0, ...rest });
  onTestFinished(() => servidor.close());
  return { servidor, port: portOf(servidor), folder };
}

export function portOf(servidor: { readonly address?: { readonly port: number } | undefined }): number {
  if (!servidor.address) throw new Error("The server does not listen");
  return servidor.address.port;
}

type EventName = keyof ServidorEvents;

const eventNames: Readonly<Record<EventName, true>> = {
  connected: true,
  dropped: true,
  request: true,
  sent: true,
  refused: true,
  failed: true,
  closed: true,
};

/** An event as it was told. */
export type Told = { [K in EventName]: readonly [name: K, event: ServidorEvents[K][0]] }[EventName];

/** Everything that a server tells from now on, in order. */
export function record<C extends Contract>(servidor: Servidor<C>): Told[] {
  const told: Told[] = [];
  for (const name of Object.keys(eventNames) as EventName[]) {
    servidor.on(name, (event: ServidorEvents[EventName][0]) => void told.push([name, event] as Told));
  }
  return told;
}

/** The next event of that name that fits. Call it before what brings it about. */
export function next<K extends EventName, C extends Contract>(
  servidor: Servidor<C>,
  name: K,
  fits: (event: ServidorEvents[K][0]) => boolean = () => true,
): Promise<ServidorEvents[K][0]> {
  return new Promise((resolve) => {
    const listener = (event: ServidorEvents[K][0]): void => {
      if (!fits(event)) return;
      servidor.off(name, listener as never);
      resolve(event);
    };
    servidor.on(name, listener as never);
  });
}
