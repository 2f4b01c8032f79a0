// Work that is done side by side, so much and no more.

/** Runs tasks, some at once. The first that fails ends the taking of others. */
export class Pool {
  readonly #most: number;
  #running = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Begins a task as soon as there is room for it.
   *
   * @param weight for how many it counts
   * @throws what an earlier task threw
   */
  async run(task: () => Promise<void>, weight = 1): Promise<void> {
    while (this.#running > 0 && this.#running + weight > this.#most) await this.#change();
    this.throwIfFailed();
    this.#running += weight;
    void this.#watch(task, weight);
  }

  /** Resolves when nothing is running any more, however it ended. */
  async end(): Promise<void> {
    while (this.#running > 0) await this.#change();
  }

  /** @throws what a task threw */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  async #watch(task: () => Promise<void>, weight: number): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#running -= weight;
    this.#wake?.();
    this.#wake = undefined;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
