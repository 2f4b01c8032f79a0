// Our client in the benchmark: does one job and says how long that took.
//
//   node client.js JOB PORT FOLDER

import { once } from "node:events";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { type Cliente, connect } from "@fileshare/client";
import { peakRssKib } from "@fileshare/peers";
import type { LoopDelay, Measured } from "./contender.js";
import type { Period } from "./profile.js";

type Result = Pick<Measured, "bytes" | "listed" | "loopDelay">;

const TIMER_MS = 10;

const jobs = {
  /** Reads all files, and keeps nothing. */
  async discard(cliente: Cliente): Promise<Result> {
    let bytes = 0;
    for (const nombre of await cliente.pedirListaArchivos()) {
      for await (const piece of (await cliente.stream(nombre)).lend()) bytes += piece.length;
    }
    return { bytes };
  },

  /** Saves all files. */
  async save(cliente: Cliente, folder: string): Promise<Result> {
    for (const nombre of await cliente.pedirListaArchivos())
      await cliente.descargarArchivo(nombre, { folder });
    return {};
  },

  /** Brings a folder to what the server has. */
  async sync(cliente: Cliente, folder: string): Promise<Result> {
    await cliente.sincronizar(folder);
    return {};
  },

  /** Reads the names and sizes of all files. */
  async list(cliente: Cliente): Promise<Result> {
    const listed = { files: 0, bytes: 0 };
    for await (const page of cliente.pedirDetalles({ details: ["size"] })) {
      for (const { size = 0 } of page) listed.bytes += size;
      listed.files += page.length;
    }
    return { listed };
  },

  /** Reads all that there is to know of all files, as a sync does. */
  async listAll(cliente: Cliente): Promise<Result> {
    for await (const _page of cliente.pedirDetalles({ recursive: true }));
    return {};
  },

  /** Saves all files while a timer runs. */
  async saveBesideTimer(cliente: Cliente, folder: string): Promise<Result> {
    const timer = setInterval(() => {}, TIMER_MS);
    const monitor = monitorEventLoopDelay({ resolution: TIMER_MS });
    monitor.enable();
    await jobs.save(cliente, folder);
    monitor.disable();
    clearInterval(timer);
    return { loopDelay: delayOf(monitor.max, monitor.percentile(99)) };
  },
};

/** The name of a job. */
export type Job = keyof typeof jobs;

/** What the client prints. */
export interface ClientReport extends Result {
  /** From before it connects to when the job is done. Its start as a process does not count. */
  readonly seconds: number;
  readonly peakKib: number | undefined;
  readonly period?: Period | undefined;
}

const [job = "", port, folder = ""] = process.argv.slice(2);

const from = process.hrtime.bigint();
const cliente = await connect({ host: "127.0.0.1", port: Number(port) });
const result = await jobs[job as Job](cliente, folder);
const to = process.hrtime.bigint();
if (process.listenerCount("SIGUSR2") > 0) {
  // The profiler is there.
  const profiled = once(process, "profiled");
  process.kill(process.pid, "SIGUSR2");
  await profiled;
}
await cliente.close();
const report: ClientReport = {
  ...result,
  seconds: Number(to - from) / 1e9,
  peakKib: peakRssKib(process.pid),
  period: [Number(from / 1000n), Number(to / 1000n)],
};
console.log(JSON.stringify(report));

/** What Node measures, in nanoseconds from one tick of its timer to the next, less the time between two that are on time. */
function delayOf(max: number, p99: number): LoopDelay {
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - TIMER_MS);
  return { max: late(max), p99: late(p99) };
}
