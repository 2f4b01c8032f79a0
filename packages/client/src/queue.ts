// Requests take turns on a connection: the next is sent when the reply before it is at its end. A peer of old takes two
// requests in one segment for a broken one.

/** Turns, in the order in which they were asked for. */
export class TurnQueue {
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  /**
   * Waits for a turn. Call what it gives, once, when the turn is over.
   *
   * @throws the signal's reason when it aborts first
   */
  async take(signal: AbortSignal | undefined): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#taken) await this.#wait(signal);
    this.#taken = true;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#taken = false;
    };
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1);
        reject(signal?.reason);
      };
      this.#waiting.push(begin);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }
}
