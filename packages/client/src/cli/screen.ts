// Lines on stdout, and below them, where stderr is a terminal, what is under way.

import { createLogUpdate } from "log-update";
import type { TerminalSize } from "./bars.js";
import { writeError } from "./output.js";

/** How often what is under way is drawn, in milliseconds. */
const DRAW_MS = 100;

/** And at the latest: rates change while nothing comes. */
const REDRAW_MS = 1000;

/** Standard error, with a size where the terminal tells none, or 0: a line of a pipe does. */
const terminal = {
  isTTY: true,
  write: (text: string) => process.stderr.write(text),
  get columns() {
    return process.stderr.columns || 80;
  },
  get rows() {
    return process.stderr.rows || 24;
  },
} as NodeJS.WriteStream;

/** Where a command writes for people. */
export class Screen {
  readonly #status = process.stderr.isTTY ? createLogUpdate(terminal) : undefined;
  readonly #toStderr: boolean;
  #draw: ((size: TerminalSize) => string[]) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isDue = false;
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
    this.#draw = undefined;
    this.#status?.clear();
    this.#flush();
    this.#status?.done();
  }

  #drawSoon(): void {
    const wait = this.#drawnAt + DRAW_MS - performance.now();
    if (wait <= 0) this.#drawNow();
    else if (!this.#isDue) this.#drawIn(wait);
    this.#isDue = wait > 0;
  }

  #drawIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#drawNow(), ms);
  }

  #drawNow(): void {
    this.#isDue = false;
    this.#drawIn(REDRAW_MS);
    this.#drawnAt = performance.now();
    if (this.#lines.length > 0) this.#status?.clear();
    this.#flush();
    const lines = this.#draw?.(terminal) ?? [];
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
