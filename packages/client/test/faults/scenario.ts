// One seed of the fault bench: files, a server whose storage may fail, a proxy that breaks connections, and a client that
// downloads through it in several runs. In the end each file is right, or an error with a documented code says why not.

import { readlinkSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Cliente, type DownloadEvent } from "@fileshare/client";
import {
  contentOf,
  type FaultRule,
  FaultyStorage,
  Random,
  startFaultProxy,
  tempFolder,
} from "@fileshare/peers";
import { DirectoryStorage, Servidor } from "@fileshare/server";

/** What a seed has come to. */
export interface Outcome {
  readonly seed: number;
  /** How many downloads ended with their file, and how many went on from an earlier run. */
  readonly done: number;
  readonly resumed: number;
  /** How many times several small files were read for one reply. */
  readonly batches: number;
  /** The codes of the errors that the others ended with. */
  readonly errors: readonly string[];
  /** How many connections were broken, and how many times the storage failed. */
  readonly broken: number;
  readonly storageFaults: number;
  /** What must not be: empty, or the seed has found something. */
  readonly wrong: readonly string[];
}

/** What a download, a sync or a listing may end with, besides what it is for. */
const documented: ReadonlySet<string> = new Set([
  "REFUSED",
  "BAD_REPLY",
  "CHANGED",
  "CHECKSUM",
  "UNREACHABLE",
  "CLOSED",
  "CUT",
  "LOST",
  "STALLED",
]);

/**
 * For how long nothing may be asked for before a seed counts as hanging, and how long it may take in all, in milliseconds:
 * dozens of files over connections that last for some thousand bytes take minutes beside other seeds.
 */
const SILENT_MS = 60_000;
const MOST_MS = 900_000;

/** How often a client starts again from what the one before has left. */
const RUNS = 3;

/** Runs a seed. One that hangs is told, and left as it is. */
export async function runSeed(seed: number): Promise<Outcome> {
  const begun = performance.now();
  let asked = begun;
  let watching: ReturnType<typeof setInterval> | undefined;
  const hangs = new Promise<Outcome>((resolve) => {
    const end = (what: string): void => {
      const counts = { done: 0, resumed: 0, batches: 0, broken: 0, storageFaults: 0 };
      resolve({ seed, ...counts, errors: [], wrong: [what] });
    };
    watching = setInterval(() => {
      const now = performance.now();
      if (now - asked > SILENT_MS) end(`nothing was asked for in ${SILENT_MS} ms`);
      if (now - begun > MOST_MS) end(`it takes longer than ${MOST_MS} ms`);
    }, 1000);
  });
  const onRequest = (): void => {
    asked = performance.now();
  };
  try {
    return await Promise.race([run(seed, onRequest), hangs]);
  } finally {
    clearInterval(watching);
  }
}

async function run(seed: number, onRequest: () => void): Promise<Outcome> {
  await using temp = await tempFolder();
  const served = join(temp.path, "archivos");
  const saved = join(temp.path, "descargas");
  await mkdir(served);
  const random = new Random(seed);
  const originals = await makeFiles(served, random, new Random(seed, "small"));
  const storage = new FaultyStorage(new DirectoryStorage(served), {
    seed,
    faults: random.next() < 0.5 ? {} : storageFaults(random),
  });
  await using servidor = new Servidor({ storage, host: "127.0.0.1", port: 0, stallMs: 500, graceMs: 0 });
  let batches = 0;
  servidor.on("request", ({ names = [] }) => {
    onRequest();
    if (names.length > 1) batches += 1;
  });
  const { port } = await servidor.bindListen();
  const accepting = servidor.acceptConnections();
  const plan = networkFaults(random);
  await using proxy = await startFaultProxy({ port, seed, plan });
  const outcome = { seed, done: 0, resumed: 0, errors: [] as string[], wrong: [] as string[] };
  for (let client = 0; client < RUNS; client++)
    await downloadAll(proxy.port, originals, saved, random, new Random(seed, `run ${client}`), outcome);
  const { toServer, toClient } = proxy.counts();
  await proxy.close();
  await servidor.close();
  await accepting;
  await checkLeft(saved, originals, outcome);
  return {
    ...outcome,
    batches,
    broken:
      toServer.cut + toClient.cut + toServer.corrupt + toClient.corrupt + toServer.stall + toClient.stall,
    storageFaults: Object.values(storage.counts()).reduce((sum, count) => sum + count, 0),
  };
}

type Outcomes = { done: number; resumed: number; errors: string[]; wrong: string[] };

/** Some files of all sizes; and for some seeds many small ones, which travel together. */
async function makeFiles(folder: string, some: Random, many: Random): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const count = some.integer(1, 8);
  const small = many.chance(0.4) ? many.integer(2, 60) : 0;
  for (let i = 0; i < count + small; i++) {
    const random = i < count ? some : many;
    const kind = i < count ? random.next() : random.next() * 0.6;
    const size =
      kind < 0.15
        ? 0
        : kind < 0.6
          ? random.integer(1, 5000)
          : random.integer(1, kind < 0.8 ? 300_000 : 10_000_000);
    const words = new Int32Array(Math.ceil(size / 4));
    let state = random.integer(1, 2 ** 31);
    for (let at = 0; at < words.length; at++) {
      state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 1;
      words[at] = state ^ (state >>> 16);
    }
    const bytes = new Uint8Array(words.buffer, 0, size);
    const name = `f${i}.bin`;
    files.set(name, bytes);
    await writeFile(join(folder, name), bytes);
  }
  return files;
}

function storageFaults(random: Random): Record<string, number> {
  const kinds = ["openFails", "changesBefore", "changesDuring", "shrinks", "readFails"];
  return Object.fromEntries(kinds.map((kind) => [kind, random.next() < 0.4 ? random.next() * 0.3 : 0]));
}

function networkFaults(random: Random): FaultRule[] {
  const plan: FaultRule[] = [];
  const every = (): number => 10 ** (3 + random.next() * 4);
  if (random.next() < 0.6) plan.push({ fault: "cut", every: every(), reset: random.next() < 0.5 });
  if (random.next() < 0.4) plan.push({ fault: "corrupt", every: every() });
  if (random.next() < 0.15) plan.push({ fault: "stall", every: every() * 10, ms: 1000 });
  if (random.next() < 0.3) plan.push({ fault: "delay", every: every() * 5, ms: 10 });
  if (random.next() < 0.3) plan.push({ fault: "split", after: 0, bytes: random.integer(1, 100), over: 5000 });
  return plan;
}

/** One run of a client: it downloads, syncs or is given up half way. */
async function downloadAll(
  port: number,
  originals: ReadonlyMap<string, Uint8Array>,
  folder: string,
  random: Random,
  more: Random,
  outcome: Outcomes,
): Promise<void> {
  const givesUp = random.next() < 0.4;
  const cliente = new Cliente({
    host: "127.0.0.1",
    port,
    stallMs: 500,
    replyTimeoutMs: 1500,
    connectTimeoutMs: 2000,
    connections: random.integer(1, 3),
    // Slow enough for some of a large file to be there when it is given up.
    bytesPerSecond: givesUp ? 20_000_000 : undefined,
  });
  const giving = new AbortController();
  const reason = new Error("enough");
  const afterMs = givesUp ? random.integer(1, 600) : 0;
  const retries = random.integer(0, 4);
  const oneByOne = random.next() < 0.5;
  // Some wait for bytes instead: then there is something to go on from, however slow the machine is.
  const largest = Math.max(...Array.from(originals.values(), ({ length }) => length));
  const enough = givesUp && more.chance(0.5) ? largest * more.next() : undefined;
  const timer = givesUp && enough === undefined ? setTimeout(() => giving.abort(reason), afterMs) : undefined;
  const { signal } = giving;
  const onProgress = ({ received }: { received: number }): void => {
    if (enough !== undefined && received >= enough) giving.abort(reason);
  };
  const onEvent = ({ type }: DownloadEvent): void => {
    if (type === "resumed") outcome.resumed += 1;
  };
  const failed = (error: unknown): void => {
    if (error === reason) return;
    const code = (error as { code?: unknown }).code;
    if (typeof code === "string" && documented.has(code)) outcome.errors.push(code);
    else
      outcome.wrong.push(`an error without a documented code: ${String((error as Error)?.stack ?? error)}`);
  };
  try {
    if (oneByOne) {
      await Promise.all(
        Array.from(originals.keys(), async (name) => {
          try {
            const options = { folder, signal, retries, onProgress, onEvent };
            const { path } = await cliente.descargarArchivo(name, options);
            outcome.done += 1;
            await checkFile(path, originals.get(name) as Uint8Array, outcome);
          } catch (error) {
            failed(error);
          }
        }),
      );
    } else {
      const report = await cliente.sincronizar(folder, {
        signal,
        retries,
        onProgress,
        onEvent: (_, event) => onEvent(event),
      });
      outcome.done += report.downloaded.length;
      for (const { error } of report.failed) failed(error);
    }
  } catch (error) {
    failed(error);
  }
  clearTimeout(timer);
  await cliente.close();
}

/** What stands under a final name is the whole of one version. */
async function checkFile(path: string, original: Uint8Array, outcome: Outcomes): Promise<void> {
  const bytes = await readFile(path);
  if (isVersion(bytes, original)) return;
  outcome.wrong.push(
    `${path} (${bytes.length} bytes) is no version of its file: ${firstDifference(bytes, original)}`,
  );
}

function isVersion(bytes: Uint8Array, original: Uint8Array): boolean {
  if (bytes.length !== original.length) return false;
  for (let generation = 0; generation < 254; generation++) {
    // The first byte tells most versions apart.
    const first = contentOf(original.subarray(0, 1), generation);
    if (bytes[0] !== first[0]) continue;
    if (Buffer.compare(bytes, contentOf(original, generation)) === 0) return true;
  }
  return bytes.length === 0;
}

/** Nothing but whole files and resumable parts is left, and nothing of it is open. */
async function checkLeft(
  folder: string,
  originals: ReadonlyMap<string, Uint8Array>,
  outcome: Outcomes,
): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const original = originals.get(name);
    if (original) await checkFile(join(folder, name), original, outcome);
    else if (!/^\.fileshare-[0-9a-f]{16}\.(part|log)$/.test(name)) outcome.wrong.push(`${name} is left`);
  }
  const parts = names.filter((name) => name.endsWith(".part"));
  const logs = new Set(names.filter((name) => name.endsWith(".log")));
  for (const part of parts) {
    if (!logs.has(part.replace(/part$/, "log"))) outcome.wrong.push(`${part} is left, and cannot be resumed`);
  }
  const fds = await readdir("/proc/self/fd").catch(() => []);
  for (const fd of fds) {
    const path = openPath(fd);
    if (path.startsWith(folder)) outcome.wrong.push(`${path} is open`);
  }
}

/** What an fd of ours is open on. At once, as that takes far less than a promise for each of the fds of all seeds. */
function openPath(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

/** Where bytes stop being those of one version. */
function firstDifference(bytes: Uint8Array, original: Uint8Array): string {
  for (let generation = 0; generation < 254; generation++) {
    const version = contentOf(original, generation);
    if (bytes[0] !== version[0]) continue;
    const at = bytes.findIndex((byte, i) => byte !== version[i]);
    return `of generation ${generation} up to byte ${at}`;
  }
  return "of no generation";
}
