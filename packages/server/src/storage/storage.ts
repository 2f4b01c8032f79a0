// What a server serves from. A folder is the default; an app may bring another: an object store, files made on demand.

/** A file that was opened: its size and version hold for every byte that is read from it. */
export interface StoredFile extends AsyncDisposable {
  /** Bytes. */
  readonly size: number;
  /** A token that changes whenever the content does. Opaque. */
  readonly version: string;
  /** When the content was last changed. */
  readonly modified: Date;
  /**
   * Reads the bytes from `start` up to, not including, `end`. A piece may be overwritten once the next one is asked for.
   * Ends early where the file has become shorter.
   */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
  /** Lets go of the file, however far it was read. */
  close(): Promise<void>;
}

/** Files by name. */
export interface Storage {
  /** Rejects when nothing can be served from here. Asked once, before the server listens. */
  check?(): Promise<void>;
  /** The names of all files that can be opened, in a stable order. */
  list(): Promise<string[]>;
  /**
   * Opens a file.
   *
   * @param name as it came from a peer: nothing about it was checked
   * @returns undefined when there is no file of that name, or it is not to be served
   */
  open(name: string): Promise<StoredFile | undefined>;
}
