// The inputs of a run: each made from the run's seed and its own index alone.

import { corpus } from "./corpus.js";
import { makeUp } from "./grammar.js";
import { type FuzzInput, randomFor, randomOptions } from "./input.js";
import { makeLarge } from "./large.js";
import { mutate } from "./mutate.js";

/** Makes inputs by their index. */
export function generator(seed: number): (index: number) => FuzzInput {
  const pickles = corpus();
  return (index) => {
    const random = randomFor(seed, index);
    const options = randomOptions(random);
    const kind = random.below(20);
    if (kind < 10) return { bytes: makeUp(random, options), options };
    if (kind === 10 && random.below(2) === 0) return { bytes: makeLarge(random, pickles), options };
    const pickle = kind < 18 ? random.pick(pickles) : makeUp(random, options);
    return { bytes: mutate(pickle, random, random.pick(pickles)), options };
  };
}
