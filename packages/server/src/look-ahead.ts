// Requests of one connection, in order. Where a client sends several without waiting (PROTOCOL.md section 6.1), further
// ones are received while one is answered, so that their files can be read meanwhile.

/** The most requests, and the most memory in bytes, that are held for one connection beside the one being answered. */
const MAX_REQUESTS = 64;
const MAX_BYTES = 2 * 1024 * 1024;

/** Something that was received, and what it takes to hold it. */
export interface Ahead<T> {
  readonly item: T;
  /** Bytes, about; what is prepared for it included. */
  readonly bytes: number;
  /** What it takes once it is prepared. */
  readonly prepared?: Promise<number>;
}

/** Receives one after the other, and no further than it may. */
export class LookAhead<T> {
  readonly #receive: () => Promise<T>;
  readonly #look: (item: T) => Ahead<T> | undefined;
  readonly #queue: T[] = [];
  readonly #held = new Map<T, number>();
  #bytes = 0;
  #receiving: Promise<void> | undefined;
  #mayGoOn = false;

  /**
   * @param receive the next one; never rejects
   * @param look what was received: undefined where nothing must be received until it is dealt with
   */
  constructor(receive: () => Promise<T>, look: (item: T) => Ahead<T> | undefined) {
    this.#receive = receive;
    this.#look = look;
  }

  /** Whether the next one is there already. */
  get ready(): boolean {
    return this.#queue.length > 0;
  }

  async next(): Promise<T> {
    while (!this.ready) {
      this.#receiving ??= this.#receiveOne();
      await this.#receiving;
    }
    const item = this.#queue.shift() as T;
    this.#hold(item, undefined);
    this.#goOn();
    return item;
  }

  #goOn(): void {
    if (!this.#mayGoOn || this.#receiving) return;
    if (this.#queue.length < MAX_REQUESTS && this.#bytes < MAX_BYTES) this.#receiving = this.#receiveOne();
  }

  async #receiveOne(): Promise<void> {
    const item = await this.#receive();
    this.#receiving = undefined;
    this.#queue.push(item);
    const ahead = this.#look(item);
    this.#mayGoOn = ahead !== undefined;
    if (!ahead) return;
    this.#hold(item, ahead.bytes);
    ahead.prepared?.then((bytes) => {
      if (this.#held.has(item)) this.#hold(item, bytes);
      this.#goOn();
    });
    this.#goOn();
  }

  /** Notes how much an item takes; undefined: it is not held any more. */
  #hold(item: T, bytes: number | undefined): void {
    this.#bytes += (bytes ?? 0) - (this.#held.get(item) ?? 0);
    if (bytes === undefined) this.#held.delete(item);
    else this.#held.set(item, bytes);
  }
}
