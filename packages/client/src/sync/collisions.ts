// Names that the server keeps apart and the local file system does not: it may take `A` and `a`, or two ways of writing
// `é`, for one file.

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Disk } from "../disk/disk.js";

/** What a file system takes for the same. */
export interface Folding {
  readonly ignoresCase: boolean;
  readonly ignoresForm: boolean;
}

/** Finds out what the file system of a folder, which is there, takes for the same: a file is made in it, and removed. */
export async function foldingOf(disk: Disk, folder: string): Promise<Folding> {
  const random = randomBytes(8).toString("hex");
  const name = join(folder, `.fileshare-A\u00e9-${random}`);
  const file = { name: "", version: "", size: 0, modified: 0 };
  await disk.save(name, file, new Uint8Array(0), undefined, { fsync: false, resume: false });
  try {
    const { kinds } = await disk.stat([name.replace("-A", "-a"), name.replace("\u00e9", "e\u0301")]);
    return { ignoresCase: kinds[0] === "file", ignoresForm: kinds[1] === "file" };
  } finally {
    await disk.remove([name]);
  }
}

/** Tells names that come to one file: a file of a name that was seen, or a folder where a file is. */
export class Collisions {
  readonly #folding: Folding;
  readonly #files = new Map<string, string>();
  readonly #folders = new Map<string, string>();

  constructor(folding: Folding) {
    this.#folding = folding;
  }

  /** Notes a name. Gives one that was noted before and would be the same, or in its way; undefined where there is none. */
  note(name: string): string | undefined {
    const folded = this.#fold(name);
    const other = this.#files.get(folded) ?? this.#folders.get(folded);
    if (other !== undefined) return other;
    const folders: [folded: string, written: string][] = [];
    for (let at = name.indexOf("/"); at >= 0; at = name.indexOf("/", at + 1)) {
      const written = name.slice(0, at);
      const folder = this.#fold(written);
      const file = this.#files.get(folder);
      if (file !== undefined) return file;
      // Two folders that are one here would mix their files.
      const before = this.#folders.get(folder);
      if (before !== undefined && before !== written) return before;
      folders.push([folder, written]);
    }
    for (const [folder, written] of folders) this.#folders.set(folder, written);
    this.#files.set(folded, name);
    return undefined;
  }

  #fold(name: string): string {
    const formed = this.#folding.ignoresForm ? name.normalize("NFC") : name;
    return this.#folding.ignoresCase ? formed.toUpperCase().toLowerCase() : formed;
  }
}
