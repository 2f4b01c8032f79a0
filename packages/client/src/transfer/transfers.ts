// What all downloads of a client share: its connections, its disk, and how fast they may be.

import type { Mensaje } from "@fileshare/protocol";
import { Disk } from "../disk/disk.js";
import { Batches } from "./batches.js";
import { Lanes } from "./lanes.js";
import type { Link } from "./link.js";
import { Pace } from "./pace.js";
import { RateLimit } from "./rate-limit.js";

/** How many ranges are asked for ahead on each connection, so that it never idles. */
const RANGES_AHEAD = 2;

/** What transfers may be told. */
export interface TransfersOptions {
  readonly connections: number;
  readonly bytesPerSecond: number;
  readonly replyTimeoutMs: number;
  /** No extra attributes are sent: the server's class takes none. */
  readonly plain: boolean;
}

/** What downloads share. */
export class Transfers {
  readonly disk: Disk = new Disk();
  readonly pace: Pace;
  readonly rate: RateLimit;
  readonly batches: Batches;
  /** Whether the server is asked for details by a word, as it knows no list of them. */
  detailsByWord = false;
  /** Whether the server takes the names of such files packed. */
  packsNames = false;
  readonly #lanes: Lanes;
  readonly #options: TransfersOptions;

  constructor(connect: (signal: AbortSignal) => Promise<Link>, options: TransfersOptions) {
    this.#options = options;
    this.pace = new Pace(options.bytesPerSecond);
    this.batches = new Batches(options.bytesPerSecond);
    this.rate = new RateLimit(options.bytesPerSecond);
    this.#lanes = new Lanes(connect, options.connections);
  }

  /** Whether the server knows the protocol's extensions; undefined until it has answered. */
  get extended(): boolean | undefined {
    return this.#lanes.extended;
  }

  /** Whether the server says after large bytes what they are, instead of before them. */
  get tellsLate(): boolean {
    return this.#lanes.tellsLate;
  }

  /** How many ranges of one file are asked for at once. */
  get ranges(): number {
    return this.#options.connections * RANGES_AHEAD;
  }

  /** As {@link Lanes.ask}. */
  ask<T>(
    request: (id: number) => Mensaje,
    handle: (reply: Mensaje, link: Link) => Promise<T>,
    options: { readonly bytes: number; readonly signal: AbortSignal },
  ): Promise<T> {
    const { replyTimeoutMs, plain } = this.#options;
    const made = (id: number): Mensaje => {
      const mensaje = request(id);
      if (plain) mensaje.extras.clear();
      return mensaje;
    };
    return this.#lanes.ask(made, handle, { ...options, replyTimeoutMs });
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
