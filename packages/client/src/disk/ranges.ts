// Runs of bytes.

/** A run of bytes: [start, end). */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The same bytes as sorted runs that do not touch one another. */
export function merge(ranges: Iterable<Range>): Range[] {
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}

/** Whether any two of them share a byte. */
export function overlap(ranges: Iterable<Range>): boolean {
  let before = 0;
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    if (start < before) return true;
    before = end;
  }
  return false;
}

/** Whether a run shares a byte with any of the others. */
export function shares(ranges: Iterable<Range>, { start, end }: Range): boolean {
  for (const other of ranges) if (Math.max(start, other.start) < Math.min(end, other.end)) return true;
  return false;
}

/** How many bytes runs hold that do not overlap. */
export function total(ranges: Iterable<Range>): number {
  let bytes = 0;
  for (const { start, end } of ranges) bytes += end - start;
  return bytes;
}
