// Several signals as one. AbortSignal.any does that too, but on Node 20 a signal that lives long, as a client's own does,
// never forgets what was made from it: one small object for each request.

/** A signal that aborts when the first or the second does, with its reason, until it is unlinked. */
export function linkSignals(
  first: AbortSignal,
  second: AbortSignal | undefined,
): { signal: AbortSignal; unlink: () => void } {
  if (!second) return { signal: first, unlink: () => {} };
  const linked = new AbortController();
  const follow = (event: Event): void => linked.abort((event.target as AbortSignal).reason);
  const both = [first, second];
  for (const signal of both) {
    if (signal.aborted) linked.abort(signal.reason);
    else signal.addEventListener("abort", follow, { once: true });
  }
  return {
    signal: linked.signal,
    unlink: () => {
      for (const signal of both) signal.removeEventListener("abort", follow);
    },
  };
}
