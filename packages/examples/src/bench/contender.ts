// What the benchmark asks of each program that it measures.

import type { Period } from "./profile.js";
import type { Workload } from "./workload.js";

/** A job, once. */
export interface Task {
  readonly workload: Workload;
  /** An empty folder for what arrives, or the one that an earlier run of the same contender has filled. */
  readonly into: string;
  /** An empty folder for configuration and lists. */
  readonly scratch: string;
  /** A folder for the CPU profiles of ours. Default: none are made. */
  readonly profiles?: string | undefined;
  /** Aborts when the benchmark is interrupted. */
  readonly signal: AbortSignal;
}

/** What a measurement has shown. */
export interface Measured {
  readonly seconds: number;
  /** How many bytes of files the client says it got; undefined where what was saved is compared instead. */
  readonly bytes?: number | undefined;
  /** How many files the client has listed, and their sizes' sum. */
  readonly listed?: { readonly files: number; readonly bytes: number } | undefined;
  /** The most memory that each side held; undefined where it was not measured. */
  readonly serverPeakKib?: number | undefined;
  readonly clientPeakKib?: number | undefined;
  /** How long the client's process took besides: for its start and its end. */
  readonly startSeconds?: number | undefined;
  /** When the job was done, where that is told. */
  readonly period?: Period | undefined;
  /** How late the client's event loop was. */
  readonly loopDelay?: LoopDelay | undefined;
}

/** Milliseconds. */
export interface LoopDelay {
  readonly max: number;
  readonly p99: number;
}

/** A server and its client, each a fresh process in every measurement. */
export interface Contender {
  readonly name: string;
  /** The commands that it needs, besides Node. */
  readonly needs: readonly string[];
  /** Starts the server, lets the client do the job, stops the server. Only the client's work is timed. */
  measure(task: Task): Promise<Measured>;
}
