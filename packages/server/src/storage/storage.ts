// What a server serves from. A folder is the default; an app may bring another: an object store, files made on demand.
// What a simple one may leave out is made up for in listing.ts and operations/descargar.ts.

/** A file that was opened: its size and version hold for every byte that is read from it. */
export interface StoredFile extends AsyncDisposable {
  /** Bytes. */
  readonly size: number;
  /**
   * A token that changes whenever the content does. Opaque. Empty where there is none: the file is sent whole then, whatever
   * was asked for of it, and nothing is said of it, as by a server of old. Ranges of it could be of different contents.
   */
  readonly version: string;
  /** When the content was last changed. */
  readonly modified: Date;
  /** The same in seconds since 1970, where that is known more precisely. */
  readonly modifiedSeconds?: number;
  /**
   * Reads the bytes from `start` up to, not including, `end`. A piece may be overwritten once the next one is asked for.
   * Ends early where the file has become shorter.
   */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
  /**
   * Whether the content is another one by now than when the file was opened. Asked after the last byte was read.
   * A storage whose opened files cannot change leaves it out.
   */
  changed?(): Promise<boolean>;
  /** Lets go of the file, however far it was read. */
  close(): Promise<void>;
}

/** A small file, read at once. All of it is of that version. */
export interface SmallFile {
  readonly bytes: Uint8Array;
  readonly version: string;
  /** When the content was last changed, in seconds since 1970. */
  readonly modified: number;
}

/** How much {@link Storage.readMany} may read. */
export interface ReadManyLimits {
  /** Of one file. */
  readonly maxFileBytes: number;
  /** Of all of them together. */
  readonly maxBytes: number;
}

/** Small files, read at once: the columns have one item for each of the names that was come to, in their order. */
export interface SmallFiles {
  /** The contents, one after another. */
  readonly bytes: Uint8Array;
  /** How many bytes each has; -1 for one that is not among them, though it may be there. */
  readonly lengths: readonly number[];
  /** All of a file is of that version; "" for one that is not among them. */
  readonly versions: readonly string[];
  /** When each was last changed, in seconds since 1970; 0 for one that is not among them. */
  readonly modified: readonly number[];
  /** Called once nobody reads `bytes` any more; not where sending them failed. */
  release?(): void;
}

/** What a listing can tell of each file, besides its name. */
export type Detail = "sizes" | "modified" | "versions";

/** What a page of a listing is to hold. */
export interface EntriesOptions {
  /** Files in folders as well, by their path. */
  readonly recursive: boolean;
  /** The name after which the page begins: the `next` of the one before. It may be that of no file, or of none any more. */
  readonly after: string | undefined;
  /** The most names that are wanted. */
  readonly limit: number;
  /** Which columns are wanted besides the names. */
  readonly details: readonly Detail[];
  /**
   * Whether folders are wanted as well, where it is `recursive`: those in which there is nothing, and, instead of a listing that
   * fails, those that cannot be looked into. Default false.
   */
  readonly folders?: boolean;
}

/** A page of a listing: each column is as long as `names` where it was asked for. Others are not looked at. */
export interface EntriesPage {
  /** In ascending order of their UTF-16 code units, each once. */
  readonly names: readonly string[];
  readonly sizes: ArrayLike<number>;
  /** When each was last changed, in seconds since 1970. */
  readonly modified: ArrayLike<number>;
  readonly versions: readonly string[];
  /** What to give as `after` for the next page; undefined at the end. */
  readonly next: string | undefined;
  /** Where folders were wanted: those that the page comes to in which there is nothing. Undefined where none are told. */
  readonly folders?: readonly string[] | undefined;
  /** Where folders were wanted: those that the page comes to which could not be looked into. What is below them is not told. */
  readonly unreadable?: readonly string[] | undefined;
}

/**
 * Files by name. Only `list` and `open` are wanted; the others make listings cheap and small files fast.
 *
 * Nothing is remembered between two calls but what the storage keeps for its own comfort: several servers may stand over
 * the same object store, and a client's next page come to another one.
 */
export interface Storage {
  /** Rejects when nothing can be served from here. Asked once, before the server listens. */
  check?(): Promise<void>;
  /** The names of all files that can be opened, in a stable order: those of the folder itself, without what is below. */
  list(): Promise<string[]>;
  /**
   * Opens a file.
   *
   * @param name as it came from a peer: nothing about it was checked
   * @returns undefined when there is no file of that name, or it is not to be served: clients drop what they have of it
   * @throws an error with the `code` EACCES or EPERM when there may be one, and it must not be read as things are
   */
  open(name: string): Promise<StoredFile | undefined>;
  /** Gives a page of the listing. Default: cut out of `list()`, each file opened for its details. */
  entries?(options: EntriesOptions): Promise<EntriesPage>;
  /**
   * Reads a file whole, at a lower cost than to open, read and close it. Asked ahead of time, for many files at once.
   *
   * @param name as it came from a peer: nothing about it was checked
   * @returns undefined when it is larger than that, is not there, or cannot be read so for any other reason: it is opened
   *   then
   */
  readSmall?(name: string, maxBytes: number): Promise<SmallFile | undefined>;
  /**
   * Reads several small files whole, in one go. Names that come after those whose contents fill `maxBytes` may be left out
   * of the answer: its columns are shorter then. Default: they are read one by one.
   *
   * @param names as they came from a peer: nothing about them was checked
   */
  readMany?(names: readonly string[], limits: ReadManyLimits): Promise<SmallFiles>;
  /** Lets go of what it holds in the background. It may be used again after that. Called when the server has closed. */
  close?(): Promise<void>;
}
