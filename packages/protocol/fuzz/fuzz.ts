// A run: inputs in batches to CPython and to our codec, at the same time, and what came of it.

import { Op } from "../src/pickle/opcodes.js";
import { check } from "./check.js";
import { agree, type Finding, faultOf, judge } from "./compare.js";
import type { Outcome } from "./decode-input.js";
import { generator } from "./generate.js";
import type { FuzzInput } from "./input.js";
import { minimise } from "./minimise.js";
import { type Digest, Oracle } from "./oracle.js";
import { Prototypes } from "./prototypes.js";
import { opcodeOffsets } from "./walk-opcodes.js";

/** What a run is told. */
export interface FuzzOptions {
  /** Where python/reference.py stands. */
  readonly script: URL;
  /** The interpreter. Default: python3. */
  readonly python?: string | undefined;
  readonly seed: number;
  /** The first input's index. Default 0. */
  readonly from?: number | undefined;
  /** How many inputs. Default: no end. */
  readonly count?: number | undefined;
  /** Ends the run after that time. Default: never. */
  readonly seconds?: number | undefined;
  /** Ends the run when so many kinds of findings were made. Default 1. */
  readonly maxFindings?: number | undefined;
  /** Told after each batch. */
  readonly progress?: ((summary: Summary) => void) | undefined;
  /** Told before each input is decoded, so that somebody can tell which one does not end; with -1 when none is. */
  readonly working?: ((index: number) => void) | undefined;
}

/** What came of a run. */
export interface Summary {
  reference: string;
  inputs: number;
  accepted: number;
  refused: number;
  /** Accepted, but too complex to be described. */
  tooComplex: number;
  /** Values that we wrote and CPython read. */
  writtenAgain: number;
  /** Inputs by the known difference that explains them. */
  readonly explained: Map<string, number>;
  /** Opcodes of accepted inputs. */
  readonly opcodes: Set<string>;
  /** The first of each kind, minimised, and how many there were. */
  readonly findings: Map<string, { finding: Finding; count: number }>;
}

const BATCH = 2000;

/** How many opcodes there are. */
export const opcodeCount: number = Object.values(Op).filter((op) => typeof op === "number").length;

/** An input that CPython was asked about, and what our codec makes of it. */
interface Asked {
  readonly index: number;
  readonly input: FuzzInput;
  readonly outcome: Outcome;
}

interface Batch {
  readonly start: number;
  readonly asked: readonly Asked[];
  readonly digests: Promise<Digest[]>;
}

/** Runs the fuzzer. */
export async function fuzz(options: FuzzOptions): Promise<Summary> {
  const { seed, from = 0, count = Number.POSITIVE_INFINITY, seconds = Number.POSITIVE_INFINITY } = options;
  const oracle = new Oracle(options.script, options.python);
  const run = new Run(oracle, options);
  const make = generator(seed);
  const deadline = Date.now() + seconds * 1000;
  try {
    run.summary.reference = await oracle.name;
    let last: Batch | undefined;
    for (let start = from; start < from + count && Date.now() < deadline && !run.enough; start += BATCH) {
      const end = Math.min(start + BATCH, from + count);
      const next = await run.begin(
        start,
        Array.from({ length: end - start }, (_, i) => make(start + i)),
      );
      if (last) await run.finish(last);
      last = next;
      options.progress?.(run.summary);
    }
    if (last) await run.finish(last);
    await run.finish(await run.begin(0, []));
    await run.settle();
    return run.summary;
  } finally {
    await oracle.close();
  }
}

class Run {
  readonly summary: Summary = {
    reference: "",
    inputs: 0,
    accepted: 0,
    refused: 0,
    tooComplex: 0,
    writtenAgain: 0,
    explained: new Map(),
    opcodes: new Set(),
    findings: new Map(),
  };
  readonly #oracle: Oracle;
  readonly #options: FuzzOptions;
  readonly #prototypes = new Prototypes();
  /** What we wrote, for CPython to read with the next batch. */
  #again: Asked[] = [];
  /** What CPython says in full of the disagreements of the batch before. */
  #judging: Promise<void> = Promise.resolve();

  constructor(oracle: Oracle, options: FuzzOptions) {
    this.#oracle = oracle;
    this.#options = options;
  }

  get enough(): boolean {
    return this.summary.findings.size >= (this.#options.maxFindings ?? 1);
  }

  /** Asks CPython for a batch, and reads it with our codec meanwhile. */
  async begin(start: number, inputs: readonly FuzzInput[]): Promise<Batch> {
    const again = this.#again;
    this.#again = [];
    const digests = this.#oracle.digests([...inputs, ...again.map(({ input }) => input)]);
    await new Promise((resolve) => setImmediate(resolve));
    const faulty: Finding[] = [];
    const asked = inputs.map((input, i) => {
      const index = start + i;
      this.#options.working?.(index);
      const { outcome, faults, again: written } = check(input, index, this.#prototypes);
      if (faults.length > 0) faulty.push(faultOf(input, index, faults));
      if (written && "bytesRead" in outcome) {
        this.#again.push({
          index,
          input: written,
          outcome: { ...outcome, bytesRead: written.bytes.length },
        });
      }
      this.#count(input, outcome);
      return { index, input, outcome };
    });
    this.#options.working?.(-1);
    const { touched } = this.#prototypes;
    if (touched !== undefined) throw new Error(`${touched} was changed from ${start} on`);
    for (const finding of faulty) await this.#found(finding);
    this.summary.writtenAgain += again.length;
    return { start, asked: [...asked, ...again], digests };
  }

  /** Compares what CPython made of a batch. Disagreements are looked into while the next batch is at work. */
  async finish({ start, asked, digests }: Batch): Promise<void> {
    const theirs = await digests.catch((cause: unknown) => {
      throw new Error(`CPython did not read the ${BATCH} inputs from ${start} on`, { cause });
    });
    const disagreed = asked.filter(
      ({ outcome }, i) => outcome.status !== "failed" && !agree(outcome, theirs[i] as Digest),
    );
    await this.settle();
    this.#judging = this.#judge(disagreed);
    this.#judging.catch(() => {});
  }

  /** Waits until all disagreements so far were looked into. */
  async settle(): Promise<void> {
    await this.#judging;
  }

  async #judge(disagreed: readonly Asked[]): Promise<void> {
    if (disagreed.length === 0) return;
    const inputs = disagreed.map(({ input }) => input);
    for (const [i, judged] of (await judge(this.#oracle, inputs)).entries()) {
      const { explained } = this.summary;
      if (typeof judged === "string") explained.set(judged, (explained.get(judged) ?? 0) + 1);
      else await this.#found({ ...judged, index: (disagreed[i] as Asked).index });
    }
  }

  #count({ bytes }: FuzzInput, { status }: Outcome): void {
    const { summary } = this;
    summary.inputs += 1;
    if (status === "failed") return;
    summary[status] += 1;
    if (status === "refused" || summary.opcodes.size === opcodeCount) return;
    for (const at of opcodeOffsets(bytes).slice(0, -1))
      summary.opcodes.add(Op[bytes[at] as number] as string);
  }

  async #found(finding: Finding): Promise<void> {
    const known = this.summary.findings.get(finding.kind);
    if (known) known.count += 1;
    else if (!this.enough) {
      const smaller = await minimise(this.#oracle, finding, this.#prototypes);
      this.summary.findings.set(finding.kind, { finding: smaller, count: 1 });
    }
  }
}
