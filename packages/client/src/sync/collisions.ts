// Names that the server keeps apart and the local file system does not: it may take `A` and `a`, or two ways of writing
// `é`, for one file.

import type { Folding } from "../disk/disk.js";
import { TargetError } from "../errors.js";
import type { ListingMemory } from "../transfer/listing-memory.js";

/** The failure of a name that here is the same as another. */
export function isSameHere(name: string, other: string): TargetError {
  return new TargetError("UNSAFE_NAME", name, `here it is the same as ${JSON.stringify(other)}`);
}

/** Of names of files, those that come to one file with one before them, and the name of the first such. */
export function sameFiles(names: readonly string[], folding: Folding): ReadonlyMap<string, string> {
  const firsts = new Map<string, string>();
  const same = new Map<string, string>();
  for (const name of names) {
    const folded = fold(name, folding);
    const first = firsts.get(folded);
    if (first === undefined) firsts.set(folded, name);
    else same.set(name, first);
  }
  return same;
}

/** Tells names that come to one file: a file of a name that was seen, or a folder where a file is. */
export class Collisions {
  readonly #folding: Folding;
  readonly #files = new Map<string, string>();
  /** Names of further files, each list in order and behind the one before: they are looked up only where something may collide. */
  readonly #noted: (readonly string[])[] = [];
  readonly #folders = new Map<string, string>();
  /** Folders of names that do not come here: nothing collides with these. */
  readonly #others = new Set<string>();
  /** The last of them, with a `/` at its end: most names are in the folder of the one before. */
  #lastOther = "";

  constructor(folding: Folding) {
    this.#folding = folding;
  }

  /** How many folders were noted. */
  get folders(): number {
    return this.#folders.size;
  }

  /**
   * Notes the names of files in the folder itself, at a lower cost than one by one. False where it cannot be told so that each
   * of them is another: none is noted then.
   */
  noteAll(names: readonly string[]): boolean {
    const { ignoresCase, ignoresForm } = this.#folding;
    if (ignoresCase || ignoresForm || this.#files.size > 0 || this.#folders.size > 0) return false;
    let last = this.#noted.at(-1)?.at(-1) ?? "";
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      if (name <= last) return false;
      last = name;
    }
    if (names.length > 0) this.#noted.push(names);
    return true;
  }

  /** Notes a name. Gives one that was noted before and would be the same, or in its way; undefined where there is none. */
  note(name: string): string | undefined {
    this.#lookUp();
    const folded = this.#fold(name);
    const other = this.#files.get(folded) ?? (this.#folders.size > 0 ? this.#folders.get(folded) : undefined);
    if (other !== undefined) return other;
    if (!name.includes("/")) {
      this.#files.set(folded, name);
      return undefined;
    }
    const inTheWay = this.#noteFolders(name);
    if (inTheWay !== undefined) return inTheWay;
    this.#files.set(folded, name);
    return undefined;
  }

  /** Notes a folder by itself, as {@link note} does a file. */
  noteFolder(name: string): string | undefined {
    this.#lookUp();
    return this.#files.get(this.#fold(name)) ?? this.#noteFolders(`${name}/`);
  }

  /**
   * Notes the folders that a name leads through which does not come here, for {@link hasFolder}.
   *
   * @throws {ListingError} when they are more than may be kept
   */
  noteOther(name: string, memory: ListingMemory): void {
    const last = this.#lastOther;
    if (name.startsWith(last) && !name.includes("/", last.length)) return;
    let end = name.lastIndexOf("/");
    this.#lastOther = name.slice(0, end + 1);
    // Where one is known, those above it are.
    for (; end > 0; end = name.lastIndexOf("/", end - 1)) {
      const folder = this.#fold(name.slice(0, end));
      if (this.#folders.has(folder) || this.#others.has(folder)) return;
      memory.keep("folder", folder.length);
      this.#others.add(copyOf(folder));
    }
  }

  /** Whether a file of that name was noted, or one that is the same here. */
  hasFile(name: string): boolean {
    this.#lookUp();
    return this.#files.has(this.#fold(name));
  }

  /** Whether a folder of that name was noted, or something in it, though it does not come here. */
  hasFolder(name: string): boolean {
    const folded = this.#fold(name);
    return this.#folders.has(folded) || this.#others.has(folded);
  }

  /** Notes the folders that a path leads through. */
  #noteFolders(name: string): string | undefined {
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
    return undefined;
  }

  #lookUp(): void {
    for (const names of this.#noted.splice(0)) for (const name of names) this.#files.set(name, name);
  }

  #fold(name: string): string {
    return fold(name, this.#folding);
  }
}

/** A name as all have it that are the same. */
function fold(name: string, { ignoresCase, ignoresForm }: Folding): string {
  const formed = ignoresForm ? name.normalize("NFC") : name;
  return ignoresCase ? formed.toUpperCase().toLowerCase() : formed;
}

/** A text that keeps nothing else in memory: Node cuts one out of a page of names without copying it. */
function copyOf(text: string): string {
  return Buffer.from(text, "utf16le").toString("utf16le");
}
