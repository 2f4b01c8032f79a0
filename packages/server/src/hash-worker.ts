// The worker that computes digests of whole files: pieces in, digits out. Started by digests.ts.

import { createHash, type Hash } from "node:crypto";
import { answerCalls, outcomeOf } from "./answer-calls.js";

/** A piece of the content of a job, its end, or that nobody wants it any more. */
export type HashCall =
  | { readonly job: number; readonly algorithm: string; readonly piece: Uint8Array }
  | { readonly job: number; readonly algorithm: string; readonly end: true }
  | { readonly job: number; readonly drop: true };

const hashes = new Map<number, Hash>();

answerCalls<HashCall, string | null>((calls) => ({
  results: calls.map((call) => outcomeOf(() => take(call))),
  transfer: [],
}));

/** The digest, where it is complete. */
function take(call: HashCall): string | null {
  if ("drop" in call) {
    hashes.delete(call.job);
    return null;
  }
  const hash = hashes.get(call.job) ?? createHash(call.algorithm);
  if ("piece" in call) {
    hashes.set(call.job, hash.update(call.piece));
    return null;
  }
  hashes.delete(call.job);
  return hash.digest("hex");
}
