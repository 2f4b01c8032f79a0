// Bars as text: one for each file under way, and one for all.

import { printable } from "@fileshare/protocol";
import truncatedWidth from "fast-string-truncated-width";
import type { Tally } from "./tally.js";
import { durationText, sizeText } from "./units.js";

/** A file under way. */
export interface BarFile {
  readonly name: string;
  received: number;
  total: number;
}

/** What a terminal holds. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The lines for files under way and their sum. No line is wider than the terminal, and all fit on it. */
export function barLines(files: readonly BarFile[], tally: Tally, { columns, rows }: TerminalSize): string[] {
  // The last column is left free: some terminals begin a new line when it is written to.
  const width = Math.max(1, columns - 1);
  const only = files[0];
  if (tally.files <= 1 && only) return [line(only.name, only.received, only.total, tally, width)];
  const most = Math.max(0, Math.min(files.length, rows - 3));
  const shown = files
    .slice(0, most)
    .map((file) => line(file.name, file.received, file.total, undefined, width));
  const all = `${tally.finished} of ${tally.files} files`;
  return [...shown, line(all, tally.received, tally.total, tally, width)];
}

function line(
  label: string,
  received: number,
  total: number,
  tally: Tally | undefined,
  width: number,
): string {
  const share = total > 0 ? Math.min(1, received / total) : 0;
  const tail = `${String(Math.floor(share * 100)).padStart(3)}% ${sizeText(received)} of ${sizeText(total)}${paceText(tally)}`;
  // What a bar has beside its name varies; the bars stand below each other all the same.
  const name = fit(printable(label), Math.max(8, Math.min(30, Math.floor(width * 0.3))));
  const length = Math.max(4, Math.min(30, width - name.length - 60));
  const done = Math.round(share * length);
  return cut(`${name} [${"=".repeat(done)}${"-".repeat(length - done)}] ${tail}`, width);
}

function paceText(tally: Tally | undefined): string {
  const rate = tally?.bytesPerSecond;
  if (rate === undefined) return "";
  const left = tally?.secondsLeft;
  return `, ${sizeText(rate)}/s${left === undefined ? "" : `, ${durationText(left)} left`}`;
}

/** A text as wide as that. */
function fit(text: string, width: number): string {
  const short = cut(text, width);
  return short + " ".repeat(Math.max(0, width - truncatedWidth(short).width));
}

/** A text no wider than that. */
function cut(text: string, width: number): string {
  const { index, ellipsed } = truncatedWidth(text, { limit: width, ellipsis: "…", ellipsisWidth: 1 });
  return ellipsed ? `${text.slice(0, index)}…` : text.slice(0, index);
}
