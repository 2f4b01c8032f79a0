// Trying again to ask for a file, of a server that may be one of old: that ends the connection to refuse, and reads a file
// whole before it answers. It is not asked for one twice, but where a connection that it had answered on was at its end.

import { DEFAULT_RETRIES, isStalled, type RetryOptions, retrying, UNHEARD_RETRIES } from "./retry.js";
import type { Transfers } from "./transfers.js";

/** As {@link RetryOptions}. */
export interface FileRetryOptions extends Omit<RetryOptions, "retries" | "mayPass"> {
  /** How often in a row it may fail, whatever the server. Default 5; 1 where it has never been heard, 0 where it is one of old. */
  readonly retries: number | undefined;
}

/**
 * As {@link retrying}. A server that has never answered, and let the request wait for too long, may still be either: the next
 * connection to it begins with a question that tells which, and only one that knows the extensions is asked for the file again.
 */
export async function retryingFile<T>(
  transfers: Transfers,
  attempt: () => Promise<T>,
  { retries, ...options }: FileRetryOptions,
): Promise<T> {
  let silence: unknown;
  const careful = async (): Promise<T> => {
    try {
      if (silence !== undefined && retries === undefined) {
        if (transfers.extended === undefined) await transfers.connect(options.signal);
        if (!transfers.extended) throw silence;
      }
      return await attempt();
    } catch (error) {
      if (transfers.extended === undefined && isStalled(error)) silence ??= error;
      throw error;
    }
  };
  return retrying(careful, {
    ...options,
    retries: () => {
      if (retries !== undefined) return retries;
      const isUnheard = silence !== undefined && transfers.extended === undefined;
      if (isUnheard) return UNHEARD_RETRIES;
      return transfers.extended ? DEFAULT_RETRIES : 0;
    },
  });
}
