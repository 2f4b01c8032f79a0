// Lines on stdout, and below them, where stderr is a terminal, what is under way.

import { createLogUpdate } from "log-update";
import type { TerminalSize } from "./bars.js";
import { writeError } from "./output.js";

/** How often what is under way is drawn, in milliseconds. */
const DRAW_MS = 100;

/** Where a command writes for people. */
export class Screen {
  readonly #status = process.stderr.isTTY ? createLogUpdate(process.stderr) : undefined;
  readonly #toStderr: boolean;
  #draw: ((size: TerminalSize) => string[]) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #lines: string[] = [];

  /** @param options.toStderr lines go there: stdout is for something else */
  constructor({ toStderr = false }: { readonly toStderr?: boolean } = {}) {
    this.#toStderr = toStderr;
  }

  /** Whether what is under way can be shown. */
  get isLive(): boolean {
    return this.#status !== undefined;
  }

  /** Prints a line. At a terminal it waits a little for others. */
  line(text: string): void {
    this.#lines.push(text);
    if (this.#status && this.#draw) this.#drawSoon();
    else this.#flush();
  }

  /** Prints an error. */
  error(message: string): void {
    this.#status?.clear();
    this.#flush();
    writeError(message);
    if (this.#draw) this.#drawNow();
  }

  /** What is under way has changed. `draw` gives the lines that show it, when it is time to. */
  update(draw: (size: TerminalSize) => string[]): void {
    if (!this.#status) return;
    this.#draw = draw;
    this.#drawSoon();
  }

  /** Takes away what was under way, and gives the terminal back. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#draw = undefined;
    this.#status?.clear();
    this.#flush();
    this.#status?.done();
  }

  #drawSoon(): void {
    const wait = this.#drawnAt + DRAW_MS - performance.now();
    if (wait <= 0) this.#drawNow();
    else this.#timer ??= setTimeout(() => this.#drawNow(), wait);
  }

  #drawNow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#drawnAt = performance.now();
    if (this.#lines.length > 0) this.#status?.clear();
    this.#flush();
    const { columns = 80, rows = 24 } = process.stderr;
    // Some terminals tell a size of 0.
    const lines = this.#draw?.({ columns: columns || 80, rows: rows || 24 }) ?? [];
    if (lines.length > 0) this.#status?.(lines.join("\n"));
    else this.#status?.clear();
  }

  #flush(): void {
    if (this.#lines.length === 0) return;
    const text = `${this.#lines.join("\n")}\n`;
    this.#lines = [];
    (this.#toStderr ? process.stderr : process.stdout).write(text);
  }
}
