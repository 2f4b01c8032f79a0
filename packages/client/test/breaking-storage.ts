// Files that the server can open, and not read: it breaks off the connection over them.

import { DirectoryStorage, type Storage, type StoredFile } from "@fileshare/server";
import { noise } from "./served.js";

/** Serves a folder, and fails in the midst of the files of those names. */
export function breakingStorage(path: string, names: readonly string[]): Storage {
  const directory = new DirectoryStorage(path);
  return {
    list: () => directory.list(),
    entries: (options) => directory.entries(options),
    open: async (name) => {
      const file = await directory.open(name);
      return file && names.includes(name) ? breaking(file) : file;
    },
    close: () => directory.close(),
  };
}

function breaking(file: StoredFile): StoredFile {
  return {
    size: file.size,
    version: file.version,
    modified: file.modified,
    async *read(start, end) {
      yield noise(Math.min(1024, end - start));
      throw new Error("EIO");
    },
    close: () => file.close(),
    [Symbol.asyncDispose]: () => file.close(),
  };
}
