// The signals of an app's requests, joined with the end of the client that makes them.
//
// AbortSignal.any does that too, but on Node 20 a signal that lives long never forgets what was made from it: one object
// for each request, for ever. And a listener of each request's own on the app's signal makes Node warn from the 11th on.

import { setMaxListeners } from "node:events";
import { checkKind, kinds } from "./arguments.js";

/** An app's signal, while requests use it. */
interface Link {
  readonly controller: AbortController;
  /** How many requests use it. */
  users: number;
  readonly release: () => void;
}

/** Gives each request a signal that aborts with the request's own, or with all of them at once. */
export class SignalLinks {
  readonly #all: AbortController = manyListeners();
  readonly #links = new Map<AbortSignal, Link>();

  /** Aborts every signal that was given, and those that will be. */
  abort(reason: unknown): void {
    this.#all.abort(reason);
    for (const { controller } of this.#links.values()) controller.abort(reason);
  }

  /**
   * A signal for a request that brings this one, or none. Call `unlink` when the request is over.
   *
   * @throws {TypeError} when what it brings is none
   */
  link(signal: AbortSignal | undefined): { signal: AbortSignal; unlink: () => void } {
    if (signal !== undefined) checkKind("signal", signal, kinds.signal);
    if (!signal || this.#all.signal.aborted) return { signal: this.#all.signal, unlink: () => {} };
    if (signal.aborted) return { signal, unlink: () => {} };
    const link = this.#links.get(signal) ?? this.#follow(signal);
    link.users += 1;
    let linked = true;
    return {
      signal: link.controller.signal,
      unlink: () => {
        if (linked) link.users -= 1;
        if (linked && link.users === 0) link.release();
        linked = false;
      },
    };
  }

  #follow(signal: AbortSignal): Link {
    const controller = manyListeners();
    const onAbort = (): void => controller.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const release = (): void => {
      signal.removeEventListener("abort", onAbort);
      this.#links.delete(signal);
    };
    const link: Link = { controller, users: 0, release };
    this.#links.set(signal, link);
    return link;
  }
}

function manyListeners(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
