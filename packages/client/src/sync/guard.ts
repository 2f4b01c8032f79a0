// An app's own functions: what one of them throws ends the sync, and no single file's failure.

import type { SyncOptions } from "./options.js";

/** The same options, whose functions throw nothing. */
export function guarded(options: SyncOptions, onThrow: (error: unknown) => void): SyncOptions {
  const guard = <Args extends readonly unknown[]>(act: ((...args: Args) => void) | undefined) =>
    act &&
    ((...args: Args): void => {
      try {
        act(...args);
      } catch (error) {
        onThrow(error);
      }
    });
  const { onFile, onProgress, onEvent } = options;
  return { ...options, onFile: guard(onFile), onProgress: guard(onProgress), onEvent: guard(onEvent) };
}
