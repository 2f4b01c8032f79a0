// A smaller input with the same finding.

import { examine, type Finding } from "./compare.js";
import type { FuzzInput } from "./input.js";
import type { Oracle } from "./oracle.js";
import type { Prototypes } from "./prototypes.js";
import { opcodeOffsets } from "./walk-opcodes.js";

/** Gives up after so many bytes of input: what is left is small enough, or will not get much smaller. */
const MOST_TRIED = 5_000_000;

/** A part of an input that may go. */
type Stretch = readonly [from: number, to: number];

/** Takes out of a finding's input what it does not need: opcodes first, then bytes. */
export async function minimise(oracle: Oracle, finding: Finding, prototypes: Prototypes): Promise<Finding> {
  let best = finding;
  let tried = 0;
  const alike = async (inputs: readonly FuzzInput[]): Promise<(Finding | undefined)[]> => {
    for (const { bytes } of inputs) tried += bytes.length;
    const found = await examine(oracle, inputs, finding.index, prototypes);
    return found.map((one) => (one?.kind === finding.kind ? one : undefined));
  };
  for (const cutsOf of [opcodeOffsets, everyByte]) {
    let size = cutsOf(best.input.bytes).length >> 1;
    while (size > 0 && tried < MOST_TRIED) {
      const smaller = await without(best.input, cutsOf, size, alike);
      if (smaller) best = smaller;
      else size >>= 1;
    }
  }
  const [plain] = await alike([{ ...best.input, options: 0 }]);
  return plain ?? best;
}

function everyByte(bytes: Uint8Array): number[] {
  return Array.from({ length: bytes.length + 1 }, (_, at) => at);
}

/** Tries to take out each stretch of so many opcodes or bytes, then as many of those that may go as may go at once. */
async function without(
  input: FuzzInput,
  cutsOf: (bytes: Uint8Array) => number[],
  size: number,
  alike: (inputs: readonly FuzzInput[]) => Promise<(Finding | undefined)[]>,
): Promise<Finding | undefined> {
  const cuts = cutsOf(input.bytes);
  const stretches: Stretch[] = [];
  for (let i = 0; i + size < cuts.length; i += size) {
    stretches.push([cuts[i] as number, cuts[i + size] as number]);
  }
  const found = await alike(stretches.map((stretch) => less(input, [stretch])));
  const dispensable = stretches.filter((_, i) => found[i]);
  for (let count = dispensable.length; count > 1; count >>= 1) {
    const [all] = await alike([less(input, dispensable.slice(0, count))]);
    if (all) return all;
  }
  return found.find((one) => one);
}

function less({ bytes, options }: FuzzInput, stretches: readonly Stretch[]): FuzzInput {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [from, to] of stretches) {
    parts.push(bytes.subarray(at, from));
    at = to;
  }
  parts.push(bytes.subarray(at));
  return { bytes: new Uint8Array(Buffer.concat(parts)), options };
}
