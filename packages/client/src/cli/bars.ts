// Bars as text: one for each file under way, and one for all.

import { printable } from "@fileshare/protocol";
import stringWidth from "string-width";
import type { Tally } from "./tally.js";
import { durationText, sizeText } from "./units.js";

/** How wide what stands behind a bar may be: ` 100% 1.00 MB of 1.00 MB, 1.00 MB/s, 1:00:00 left`, and the brackets. */
const WIDEST_TAIL = 58;

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
  const all: Bar = {
    received: tally.received,
    total: tally.total,
    label: `${tally.finished} of ${tally.files} files`,
    pace: paceText(tally),
  };
  const bars = files.map((file) => ({ ...file, label: printable(file.name), pace: "" }));
  const [only] = bars;
  // The terminal's last line is where the cursor stands.
  const shown =
    tally.files <= 1 && only ? [{ ...only, pace: all.pace }] : [...bars.slice(0, Math.max(0, rows - 2)), all];
  const widest = Math.max(...shown.map(({ label }) => stringWidth(label)));
  const names = Math.min(widest, Math.max(8, Math.floor(width * 0.35)));
  return shown.map((bar) => line(bar, names, width));
}

/** What a line shows. */
interface Bar {
  readonly label: string;
  readonly received: number;
  readonly total: number;
  readonly pace: string;
}

/** The bars stand below each other: they begin in one column and are of one length. */
function line({ label, received, total, pace }: Bar, names: number, width: number): string {
  const share = total > 0 ? Math.min(1, received / total) : 0;
  const length = Math.max(4, Math.min(30, width - names - WIDEST_TAIL));
  const done = Math.round(share * length);
  const percent = String(Math.floor(share * 100)).padStart(3);
  const tail = `${percent}% ${sizeText(received)} of ${sizeText(total)}${pace}`;
  return cut(`${fit(label, names)} [${"=".repeat(done)}${"-".repeat(length - done)}] ${tail}`, width);
}

function paceText(tally: Tally): string {
  const rate = tally.bytesPerSecond;
  if (rate === undefined) return "";
  const left = tally.secondsLeft;
  return `, ${sizeText(rate)}/s${left === undefined ? "" : `, ${durationText(left)} left`}`;
}

/** A text as wide as that. */
function fit(text: string, width: number): string {
  const short = cut(text, width);
  return short + " ".repeat(Math.max(0, width - stringWidth(short)));
}

const characters = new Intl.Segmenter();

/** A text no wider than that. */
function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let short = "";
  let left = width - 1;
  for (const { segment } of characters.segment(text)) {
    left -= stringWidth(segment);
    if (left < 0) break;
    short += segment;
  }
  return `${short}…`;
}
