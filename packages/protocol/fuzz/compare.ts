// Our outcome against CPython's.

import { check } from "./check.js";
import { decodeWhole, digestOf, type Outcome, summaryOf } from "./decode-input.js";
import { decodeOptions, type FuzzInput } from "./input.js";
import { knownDifferences } from "./known-differences.js";
import type { Digest, Oracle, Report } from "./oracle.js";
import type { Prototypes } from "./prototypes.js";

/** Whether both accept with the same description, or both refuse. */
export function agree(ours: Outcome, theirs: Digest): boolean {
  if (ours.status === "failed") return false;
  if (ours.status === "refused" || theirs.status === "refused") return ours.status === theirs.status;
  if (ours.status === "tooComplex" || theirs.status === "tooComplex") return true;
  return digestOf(summaryOf(ours)) === theirs.digest;
}

/** An input that is not as it should be. */
export interface Finding {
  readonly input: FuzzInput;
  readonly index: number;
  /** Alike for findings that are likely to have one cause. */
  readonly kind: string;
  readonly details: readonly string[];
}

/** What is known about inputs that the two disagree on: the name of a known difference each, or a finding. */
export async function judge(
  oracle: Oracle,
  inputs: readonly FuzzInput[],
): Promise<(string | Omit<Finding, "index">)[]> {
  const reports = await oracle.reports(inputs);
  return inputs.map((input, i) => {
    const theirs = reports[i] as Report;
    const ours = decodeWhole(input.bytes, decodeOptions(input.options));
    const known = knownDifferences.find(({ holds }) => holds({ input, ours, theirs }));
    if (known) return known.name;
    const kind = theirs.status === "refused" ? theirs.text.replace(/\d+/g, "n") : "accepted";
    return {
      input,
      kind: `${kindOf(ours)} / ${kind}`,
      details: differing(summaryOf(ours), theirs.text),
    };
  });
}

/** Both, from a little before the place on where they begin to differ. */
function differing(ours: string, theirs: string): string[] {
  let at = 0;
  while (at < ours.length && ours[at] === theirs[at]) at += 1;
  const from = Math.max(0, at - 100);
  return [`ours:    ${ours.slice(from, at + 300)}`, `CPython: ${theirs.slice(from, at + 300)}`];
}

function kindOf(ours: Outcome): string {
  if (ours.status !== "refused") return ours.status;
  return `${ours.error.code} ${ours.error.opcode}: ${ours.error.message.replace(/\d+/g, "n")}`;
}

/** The finding for what does not hold of our codec alone. */
export function faultOf(input: FuzzInput, index: number, faults: readonly string[]): Finding {
  const [first = ""] = (faults[0] ?? "").split("\n");
  const kind = first
    .replace(/ as [0-9a-f]+/, "")
    .replace(/: [^A-Z].*/, "")
    .replace(/\b\d+/g, "n")
    .slice(0, 150);
  return { input, index, kind, details: faults };
}

/** What is wrong with inputs, each checked as the one of that index; undefined for those with which nothing is. */
export async function examine(
  oracle: Oracle,
  inputs: readonly FuzzInput[],
  index: number,
  prototypes: Prototypes,
): Promise<(Finding | undefined)[]> {
  const digests = await oracle.digests(inputs);
  const found = inputs.map((input, i) => {
    const { outcome, faults } = check(input, index, prototypes);
    if (faults.length > 0) return faultOf(input, index, faults);
    return agree(outcome, digests[i] as Digest) ? undefined : "differs";
  });
  const judged = await judge(
    oracle,
    inputs.filter((_, i) => found[i] === "differs"),
  );
  return found.map((one) => {
    if (one !== "differs") return one;
    const finding = judged.shift();
    return typeof finding === "object" ? { ...finding, index } : undefined;
  });
}
