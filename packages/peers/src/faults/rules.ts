/** What a fault proxy is to do, and at which bytes: decided by the seed, whatever pieces the bytes come in. */

import { Random } from "./random.ts";

/** Which way bytes go through the proxy. */
export type Direction = "toServer" | "toClient";

/** Where in a direction of a connection: once after exactly so many bytes, or again and again, so many apart on average. */
export type Where =
  | { readonly after: number; readonly every?: never }
  | { readonly every: number; readonly after?: never };

/** One thing that goes wrong. */
export type FaultRule = {
  /** In which direction the bytes are counted. Default: in both, each by itself. */
  readonly direction?: Direction | undefined;
} & (
  | ({
      /** The connection ends, both ways. What came before has arrived. */
      readonly fault: "cut";
      /** Whether it ends as by a crash (RST), which may take the last bytes with it. Default: an orderly end (FIN). */
      readonly reset?: boolean | undefined;
    } & Where)
  | ({
      /** Nothing is passed on for `ms` milliseconds; Infinity: until the proxy closes. The end of the stream waits too. */
      readonly fault: "stall";
      readonly ms: number;
    } & Where)
  | ({
      /** As a stall, for a random time of up to `ms` milliseconds. */
      readonly fault: "delay";
      readonly ms: number;
    } & Where)
  | ({
      /** The next `over` bytes (default: all that follow) are passed on in pieces of 1 to `bytes` bytes (default 8). */
      readonly fault: "split";
      readonly bytes?: number | undefined;
      readonly over?: number | undefined;
    } & Where)
  | ({
      /** One bit of the next byte is another one. */
      readonly fault: "corrupt";
    } & Where)
);

/** The name of what goes wrong. */
export type FaultName = FaultRule["fault"];

/** A fault that is to happen now: `random` gives what its rule leaves open. */
export interface DueFault {
  readonly rule: FaultRule;
  readonly random: Random;
}

/** The faults of one direction of one connection, in the order of their bytes. */
export class Schedule {
  readonly #waiting: { offset: number; readonly rule: FaultRule; readonly random: Random }[];

  /** @param seed what tells this direction of this connection from all others, and this run from others */
  constructor(rules: readonly FaultRule[], direction: Direction, ...seed: readonly (number | string)[]) {
    // A rule's numbers depend on its place among the rules, and on no other rule.
    this.#waiting = rules.flatMap((rule, index) => {
      if (rule.direction !== undefined && rule.direction !== direction) return [];
      const random = new Random(...seed, direction, index);
      return { offset: rule.after ?? random.distance(rule.every), rule, random };
    });
  }

  /** After how many bytes the next fault is due; Infinity after the last one. */
  get offset(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#waiting.map(({ offset }) => offset));
  }

  /** Takes the next fault out. Of those at one offset it is that of the first rule. */
  take(): DueFault {
    const { offset } = this;
    const index = this.#waiting.findIndex((each) => each.offset === offset);
    const due = this.#waiting[index];
    if (!due) throw new RangeError("No fault is due any more");
    const random = new Random(due.random.next());
    if (due.rule.every === undefined) this.#waiting.splice(index, 1);
    else due.offset += due.random.distance(due.rule.every);
    return { rule: due.rule, random };
  }
}

/** @throws RangeError when a rule has a number out of its range */
export function checkRules(rules: readonly FaultRule[]): void {
  for (const rule of rules) {
    if (rule.after !== undefined) checkLeast(rule, "after", rule.after, 0);
    else checkLeast(rule, "every", rule.every, 1);
    if (rule.fault === "stall" || rule.fault === "delay") checkLeast(rule, "ms", rule.ms, 0);
    if (rule.fault === "delay") checkTimer(rule, rule.ms);
    if (rule.fault === "stall" && rule.ms !== Number.POSITIVE_INFINITY) checkTimer(rule, rule.ms);
    if (rule.fault === "split") {
      checkLeast(rule, "bytes", rule.bytes ?? 1, 1);
      checkLeast(rule, "over", rule.over ?? 1, 1);
    }
  }
}

function checkLeast({ fault }: FaultRule, name: string, value: number, least: number): void {
  if (!(value >= least))
    throw new RangeError(`Cannot ${fault} with ${name} ${value}: it must be at least ${least}`);
}

/** Timers count no further: a longer time would be over at once. */
function checkTimer({ fault }: FaultRule, ms: number): void {
  if (ms > 2 ** 31 - 1) throw new RangeError(`Cannot ${fault} for ${ms} ms: it must be less than 2 ** 31`);
}
