// A download on its way to the disk, as the app's thread sees it.

import type { Checksum } from "./checksum.js";
import { merge, type Range, shares } from "./ranges.js";
import type { Thread } from "./thread.js";
import type { Begun } from "./work.js";

/** A download to one target. Ended by one of `finish`, `keep` and `discard`. */
export class Part {
  /** What an earlier run left on the disk, checked: sorted runs that do not touch. Empty where it begins anew. */
  readonly have: readonly Range[];
  /** Whether an earlier download was found but could not be used: it was of another version, or damaged. */
  readonly startedOver: boolean;
  readonly #thread: Thread;
  readonly #target: string;
  readonly #id: number;
  readonly #durable: boolean;
  readonly #size: number;
  #recorded: readonly Range[];
  readonly #open = new Set<Range>();
  #segments = 0;

  /** @internal */
  constructor(
    thread: Thread,
    target: string,
    size: number,
    durable: boolean,
    { part, have, startedOver }: Begun,
  ) {
    this.#thread = thread;
    this.#target = target;
    this.#size = size;
    this.#durable = durable;
    this.#id = part;
    this.#recorded = have;
    this.have = have;
    this.startedOver = startedOver;
  }

  /** What is on the disk, checked: sorted runs that do not touch. */
  get recorded(): readonly Range[] {
    return this.#recorded;
  }

  /**
   * Begins a segment: bytes [start, end), to be written in order. Several may be open at once.
   *
   * @param algorithm which checksum the server will give; where it gives another the segment is read once more
   * @throws {RangeError} where it reaches beyond the file, or holds bytes that are there or that another one is to write
   */
  segment(start: number, end: number, algorithm: string | undefined): Segment {
    if (
      !Number.isSafeInteger(start) ||
      !Number.isSafeInteger(end) ||
      start < 0 ||
      end < start ||
      end > this.#size
    ) {
      throw new RangeError(`[${start}, ${end}) is not a part of ${this.#size} bytes`);
    }
    const range = { start, end };
    if (shares(this.#recorded, range) || shares(this.#open, range)) {
      throw new RangeError(`some of [${start}, ${end}) is there already, or being written`);
    }
    this.#open.add(range);
    const id = ++this.#segments;
    // Its failure is told by what is asked next.
    this.#thread.ask("open", this.#target, this.#id, id, start, end, algorithm).catch(() => {});
    return new Segment(this.#thread, this.#target, this.#id, id, (recorded) => {
      this.#open.delete(range);
      if (recorded && start < end) this.#recorded = merge([...this.#recorded, range]);
    });
  }

  /**
   * Gives the file its modification time and its name, in place of one that has it. Where it fails, the part is still to be
   * kept or discarded.
   *
   * @throws {RangeError} when bytes are missing
   * @throws {TargetError} when the file system refuses
   */
  async finish(): Promise<void> {
    await this.#thread.ask("finish", this.#target, this.#id, this.#durable);
  }

  /** Stops. What was recorded is there for a later run; nothing is left where nothing was, or none can pick it up. */
  async keep(): Promise<void> {
    await this.#thread.ask("keep", this.#target, this.#id);
  }

  /** Removes all that is there. */
  async discard(): Promise<void> {
    await this.#thread.ask("discard", this.#target, this.#id);
  }
}

/** A run of bytes of a part that comes in one go. Ended by one of `end` and `abandon`. */
export class Segment {
  readonly #thread: Thread;
  readonly #target: string;
  readonly #part: number;
  readonly #id: number;
  readonly #ended: (recorded: boolean) => void;

  /** @internal */
  constructor(thread: Thread, target: string, part: number, id: number, ended: (recorded: boolean) => void) {
    this.#thread = thread;
    this.#target = target;
    this.#part = part;
    this.#id = id;
    this.#ended = ended;
  }

  /**
   * Writes the next bytes. They may be changed when it resolves; those in shared memory are not copied. Need not be awaited
   * before the next: writes are done in the order of their calls.
   *
   * @throws {RangeError} when there are more than the segment has
   * @throws {TargetError} when the file system refuses
   */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#thread.ask("write", this.#target, this.#part, this.#id, bytes);
  }

  /**
   * Compares what was written with the server's checksum, and records it. Where that fails nothing is recorded, and the
   * segment may be begun anew.
   *
   * @param checksum one in an algorithm that cannot be computed here is ignored
   * @throws {ChecksumError} when the bytes are others
   * @throws {RangeError} when bytes of the segment are missing
   * @throws {TargetError} when the file system refuses
   */
  async end(checksum: Checksum | undefined): Promise<void> {
    try {
      await this.#thread.ask("end", this.#target, this.#part, this.#id, checksum);
    } catch (error) {
      this.#ended(false);
      throw error;
    }
    this.#ended(true);
  }

  /** Forgets what was written: the connection was lost in the middle, say. */
  abandon(): void {
    this.#ended(false);
    this.#thread.ask("abandon", this.#target, this.#part, this.#id).catch(() => {});
  }
}
