// A listing from its first page to its last, each asked for while the one before is dealt with. A page that is lost with its
// connection is asked for again: it begins behind a name that is known.

import { ConexionError } from "@fileshare/protocol";
import { ReplyError } from "../errors.js";
import {
  type Detail,
  type DetailsPage,
  type DetailsRequest,
  detailsMensaje,
  readDetails,
} from "./details.js";
import { PageSize } from "./page-size.js";
import {
  ALONE_AFTER,
  DEFAULT_RETRIES,
  isStalled,
  type RetryEvent,
  type RetryOptions,
  retrying,
  UNHEARD_RETRIES,
} from "./retry.js";
import type { Transfers } from "./transfers.js";

/** How long the reply with a page is, roughly. */
export const LISTING_BYTES: number = 256 * 1024;

/** A page may have nothing, where what it would tell has gone; not one after another. */
const MOST_EMPTY_PAGES = 1000;

/** All that can be told of a file. */
export const allDetails: readonly Detail[] = ["size", "modified", "version"];

/** What is to be listed, and how. */
export interface ListingOptions {
  readonly recursive: boolean;
  /** As in a request for a page. */
  readonly folders: boolean;
  /** Default: all. */
  readonly details?: readonly Detail[] | undefined;
  /** Where the first page begins. */
  readonly after?: string | undefined;
  /** How often in a row a lost connection may be tried again for one page. Default 5. */
  readonly retries?: number | undefined;
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
  /** Does what is given up when the listing is. */
  readonly linked: <T>(act: (signal: AbortSignal) => Promise<T>) => Promise<T>;
}

/**
 * The pages of a listing.
 *
 * @throws {RefusedError} when the server refused
 * @throws {ReplyError} when it answered something else than a listing, or one without end
 * @throws {ConexionError} when the connection could not be opened, or was lost again and again
 */
export async function* listing(
  transfers: Transfers,
  options: ListingOptions,
): AsyncGenerator<DetailsPage, void, undefined> {
  const wanted = new AbortController();
  const pages = new Pages(transfers, options, wanted.signal);
  try {
    let coming: Promise<DetailsPage> | undefined = pages.ask(options.after, false);
    let empty = 0;
    while (coming) {
      const page: DetailsPage = await coming;
      const { next } = page;
      empty = countOf(page) === 0 ? empty + 1 : 0;
      if (empty > MOST_EMPTY_PAGES)
        throw new ReplyError("The server's listing has page after page without a name");
      // It is on its way while the app is busy with this one.
      coming = next === undefined ? undefined : pages.ask(next, true);
      yield page;
    }
  } finally {
    // A request that is under way is answered still, and its connection is of use to others. It is not tried again.
    wanted.abort();
  }
}

/** How much a page tells of. */
function countOf({ names, folders = [], unreadable }: DetailsPage): number {
  return names.length + folders.length + unreadable.length;
}

/** Asks for pages. */
class Pages {
  readonly #transfers: Transfers;
  readonly #options: ListingOptions;
  readonly #wanted: AbortSignal;
  readonly #tries: ReturnType<typeof listingRetries>;
  readonly #size = new PageSize();

  /** @param wanted aborts when no page is wanted any more */
  constructor(transfers: Transfers, options: ListingOptions, wanted: AbortSignal) {
    this.#transfers = transfers;
    this.#options = options;
    this.#wanted = wanted;
    this.#tries = listingRetries(transfers, options.retries);
  }

  /** @param goesOn whether there was a page before */
  ask(after: string | undefined, goesOn: boolean): Promise<DetailsPage> {
    const page = this.#options.linked((signal) => this.#retrying(after, goesOn, signal));
    // It may fail while the app is busy with the page before, or has lost interest.
    page.catch(() => {});
    return page;
  }

  async #retrying(after: string | undefined, goesOn: boolean, signal: AbortSignal): Promise<DetailsPage> {
    const { onRetry } = this.#options;
    const waiting = new AbortController();
    const giveUp = (): void => waiting.abort(signal.reason);
    const leave = (): void => waiting.abort(this.#wanted.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    this.#wanted.addEventListener("abort", leave, { once: true });
    if (signal.aborted) giveUp();
    let alone = false;
    try {
      return await retrying(() => this.#askOnce(after, goesOn, alone, signal), {
        ...this.#tries,
        signal: waiting.signal,
        // With each page that comes it begins anew.
        progress: () => 0,
        onRetry: (error, waitMs, failures) => {
          alone = failures >= ALONE_AFTER;
          this.#size.lost();
          onRetry?.({ type: "retry", error, waitMs });
        },
      });
    } finally {
      signal.removeEventListener("abort", giveUp);
      this.#wanted.removeEventListener("abort", leave);
    }
  }

  async #askOnce(
    after: string | undefined,
    goesOn: boolean,
    alone: boolean,
    signal: AbortSignal,
  ): Promise<DetailsPage> {
    const { recursive, folders, details = allDetails } = this.#options;
    const ask = (request: DetailsRequest): Promise<DetailsPage | undefined> =>
      this.#transfers.ask(
        (id) => detailsMensaje(request, id),
        async (reply) => readDetails(request, reply),
        { bytes: LISTING_BYTES, signal, alone },
      );
    const byWord = this.#transfers.detailsByWord;
    const { limit } = this.#size;
    const request = { recursive, folders, details, limit, after, goesOn, byWord };
    let page = await ask(request);
    if (!page) {
      this.#transfers.detailsByWord = true;
      page = (await ask({ ...request, byWord: true })) as DetailsPage;
    }
    this.#size.came(countOf(page), page.next !== undefined);
    return page;
  }
}

/**
 * How often a listing is tried again: a connection that was lost, or on which nothing came, may be opened again. Where there
 * never was one, it need not be tried for long.
 *
 * @param retries as often in a row, where that is said
 */
export function listingRetries(
  transfers: Transfers,
  retries: number | undefined,
): Pick<RetryOptions, "retries" | "mayPass"> {
  let hasStood = transfers.extended !== undefined;
  let isMute = false;
  return {
    mayPass: (error) => {
      if (!(error instanceof ConexionError)) return false;
      const isHeard = transfers.extended !== undefined;
      hasStood ||= isHeard || error.code !== "UNREACHABLE";
      isMute = !isHeard && isStalled(error);
      return hasStood;
    },
    retries: () => retries ?? (isMute ? UNHEARD_RETRIES : DEFAULT_RETRIES),
  };
}
