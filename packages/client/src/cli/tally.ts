// How far files have come, how fast, and how long the rest will take.

/** The rate is that of the last seconds: it follows a line that becomes slower. */
const WINDOW_MS = 5000;

/** A rate is told when there is that much time behind it. */
const LEAST_MS = 250;

/** A count of files and bytes on their way. */
export class Tally {
  /** Files to be fetched, and those that are done with. */
  files = 0;
  finished = 0;
  /** Bytes of all files whose size is known, and those that are there: from earlier runs too. */
  total = 0;
  received = 0;
  /** Files of which the size is not known yet. */
  unknown = 0;
  readonly #now: () => number;
  readonly #started: number;
  readonly #samples: { readonly at: number; readonly arrived: number }[] = [];
  #arrived = 0;

  /** @param now a clock, in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#started = now();
  }

  /** Bytes that came over the wire in this run. */
  get arrived(): number {
    return this.#arrived;
  }

  /** Since it was made. */
  get seconds(): number {
    return (this.#now() - this.#started) / 1000;
  }

  /** Notes bytes that came over the wire. */
  arrive(bytes: number): void {
    const now = this.#now();
    if (this.#samples.length === 0) this.#samples.push({ at: now, arrived: 0 });
    this.#arrived += bytes;
    const last = this.#samples.at(-1);
    if (last && now - last.at >= 50) this.#samples.push({ at: now, arrived: this.#arrived });
    while ((this.#samples[1]?.at ?? now) < now - WINDOW_MS) this.#samples.shift();
  }

  /** Bytes a second that come over the wire; undefined until that can be told. */
  get bytesPerSecond(): number | undefined {
    const first = this.#samples[0];
    const ms = first ? this.#now() - first.at : 0;
    return first && ms >= LEAST_MS ? ((this.#arrived - first.arrived) * 1000) / ms : undefined;
  }

  /** Until all is there; undefined until that can be told. */
  get secondsLeft(): number | undefined {
    const rate = this.bytesPerSecond;
    if (rate === undefined || rate <= 0 || this.unknown > 0) return undefined;
    return Math.max(0, this.total - this.received) / rate;
  }
}

/** Tells bytes that came over the wire from those that an earlier run had left, both of which are progress. */
export class Arrivals {
  readonly #tally: Tally;
  #received = 0;
  #most = 0;
  #left = 0;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** So many bytes were there already: they are in the progress that is told next. */
  resumed(bytes: number): void {
    this.#left += bytes;
  }

  /** It starts over. */
  restarted(): void {
    this.#most = 0;
    this.#left = 0;
  }

  /** So many bytes are there now. Bytes that have to come again are not counted again. */
  progress(received: number): void {
    this.#tally.received += received - this.#received;
    this.#received = received;
    const more = Math.max(0, received - this.#most);
    this.#most += more;
    const left = Math.min(more, this.#left);
    this.#left -= left;
    if (more > left) this.#tally.arrive(more - left);
  }
  /** It is done with: so many bytes of it are there, however they came there. */
  end(bytes: number): void {
    this.#tally.received += bytes - this.#received;
    this.#received = bytes;
  }
}
