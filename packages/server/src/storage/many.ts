// Many small files at once, whatever the storage can do.

import { isUint8Array } from "node:util/types";
import { letGo, piecesOf } from "./pieces.js";
import type { ReadManyLimits, SmallFile, SmallFiles, Storage, StoredFile } from "./storage.js";

/** How many files are read at once where a storage reads one at a time: where one takes long, all do. */
const READ_AT_ONCE = 8;

/** A small file, where the storage has a way to read such. Never rejects: what is wrong is told by opening it. */
export async function readSmall(
  storage: Storage,
  name: string,
  maxBytes: number,
): Promise<SmallFile | undefined> {
  try {
    const small = await storage.readSmall?.(name, maxBytes);
    return isUint8Array(small?.bytes) ? small : undefined;
  } catch {
    return undefined;
  }
}

/** Reads small files, as {@link Storage.readMany} does. Never rejects: what cannot be read so is not among them. */
export async function readMany(
  storage: Storage,
  names: readonly string[],
  limits: ReadManyLimits,
): Promise<SmallFiles> {
  try {
    return await (storage.readMany?.(names, limits) ?? readEach(storage, names, limits));
  } catch {
    const none = names.map(() => -1);
    return {
      bytes: new Uint8Array(0),
      lengths: none,
      versions: none.map(() => ""),
      modified: none.map(() => 0),
    };
  }
}

async function readEach(
  storage: Storage,
  names: readonly string[],
  { maxFileBytes, maxBytes }: ReadManyLimits,
): Promise<SmallFiles> {
  const found: (SmallFile | undefined)[] = [];
  let total = 0;
  for (let from = 0; from < names.length && total <= maxBytes; from += READ_AT_ONCE) {
    const some = names.slice(from, from + READ_AT_ONCE);
    const files = await Promise.all(
      some.map((name) => readOne(storage, name, maxFileBytes).catch(() => undefined)),
    );
    for (const file of files) {
      total += file?.bytes.length ?? 0;
      if (total <= maxBytes) found.push(file);
      else break;
    }
  }
  const bytes = new Uint8Array(found.reduce((sum, file) => sum + (file?.bytes.length ?? 0), 0));
  let at = 0;
  for (const file of found) {
    if (!file) continue;
    bytes.set(file.bytes, at);
    at += file.bytes.length;
  }
  return {
    bytes,
    lengths: found.map((file) => file?.bytes.length ?? -1),
    versions: found.map((file) => file?.version ?? ""),
    modified: found.map((file) => file?.modified ?? 0),
  };
}

async function readOne(storage: Storage, name: string, maxBytes: number): Promise<SmallFile | undefined> {
  const small = await readSmall(storage, name, maxBytes);
  if (small) return small.version !== "" && small.bytes.length <= maxBytes ? small : undefined;
  const file = await storage.open(name);
  if (!file) return undefined;
  try {
    return await wholeOf(file, maxBytes);
  } finally {
    await letGo(file);
  }
}

async function wholeOf(file: StoredFile, maxBytes: number): Promise<SmallFile | undefined> {
  const { size, version } = file;
  if (version === "" || size > maxBytes) return undefined;
  const bytes = new Uint8Array(size);
  let at = 0;
  if (size > 0) {
    for await (const piece of piecesOf(file, 0, size)) {
      bytes.set(piece, at);
      at += piece.length;
    }
  }
  if (await file.changed?.()) return undefined;
  return { bytes, version, modified: file.modifiedSeconds ?? file.modified.getTime() / 1000 };
}
