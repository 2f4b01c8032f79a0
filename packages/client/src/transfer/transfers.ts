// What all downloads of a client share: its connections, its disk, and how fast they may be.

import { ConexionError, type Mensaje } from "@fileshare/protocol";
import { Disk } from "../disk/disk.js";
import { Batches } from "./batches.js";
import { type AskOptions, Lanes, smallestListing } from "./lanes.js";
import type { Link } from "./link.js";
import { Pace } from "./pace.js";
import { RateLimit } from "./rate-limit.js";

/** How many ranges are asked for ahead on each connection, so that it never idles. */
const RANGES_AHEAD = 2;

/**
 * How many bytes may be under way: those of ranges that are not at their end when the process is killed, or all connections are
 * lost, are fetched again.
 */
const BYTES_UNDER_WAY = 64 * 1024 * 1024;

/** What transfers may be told. */
export interface TransfersOptions {
  readonly connections: number;
  readonly bytesPerSecond: number;
  readonly replyTimeoutMs: number;
  /** How long digests may be computed with none that comes. */
  readonly digestTimeoutMs: number;
  /** No extra attributes are sent: the server's class takes none. */
  readonly plain: boolean;
}

/** What downloads share. */
export class Transfers {
  readonly disk: Disk = new Disk();
  readonly pace: Pace;
  readonly rate: RateLimit;
  readonly batches: Batches;
  /** When the last digest came. */
  digestAt: number = Number.NEGATIVE_INFINITY;
  /** Whether the server is asked for details by a word, as it knows no list of them. */
  detailsByWord = false;
  /** Whether the server takes the names of such files packed. */
  packsNames = false;
  readonly #lanes: Lanes;
  readonly #options: TransfersOptions;

  constructor(connect: (signal: AbortSignal) => Promise<Link>, options: TransfersOptions) {
    this.#options = options;
    this.pace = new Pace(options.bytesPerSecond, BYTES_UNDER_WAY / this.ranges);
    this.batches = new Batches(options.bytesPerSecond);
    this.rate = new RateLimit(options.bytesPerSecond);
    this.#lanes = new Lanes(connect, { ...options, bytesUnderWay: BYTES_UNDER_WAY / options.connections });
  }

  /** Whether the server knows the protocol's extensions; undefined until it has answered. */
  get extended(): boolean | undefined {
    return this.#lanes.extended;
  }

  /** Whether the server says after large bytes what they are, instead of before them. */
  get tellsLate(): boolean {
    return this.#lanes.tellsLate;
  }

  get digestTimeoutMs(): number {
    return this.#options.digestTimeoutMs;
  }

  /** How many ranges of one file are asked for at once. */
  get ranges(): number {
    return this.#options.connections * RANGES_AHEAD;
  }

  /** As {@link Lanes.ask}. */
  ask<T>(
    request: (id: number) => Mensaje,
    handle: (reply: Mensaje, link: Link) => Promise<T>,
    options: AskOptions,
  ): Promise<T> {
    return this.#lanes.ask(request, handle, options);
  }

  /**
   * Whether the server answers, on whatever connection: one that was lost over a single file, again and again, does not
   * tell that it is gone.
   */
  async answers(signal: AbortSignal): Promise<boolean> {
    try {
      await this.ask(smallestListing, async () => {}, { bytes: 0, signal, alone: true });
      return true;
    } catch (error) {
      signal.throwIfAborted();
      return !(error instanceof ConexionError);
    }
  }

  /** Opens a connection now. */
  connect(signal: AbortSignal): Promise<void> {
    return this.#lanes.connect(signal);
  }

  async close(): Promise<void> {
    await this.#lanes.close();
    await this.disk.close();
  }
}
