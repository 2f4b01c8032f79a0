// The measurements: each row by every contender that can do it, warm and as the first call of a fresh process.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { startChild } from "./child.mjs";
import { rows } from "./workloads.mjs";

/** In the order of the columns. */
export const contenders = ["ours", "CPython", "least", "pickleparser", "msgpackr", "json"];

/** Those that are of interest when they are new: what V8 has not optimized says nothing of the least there is. */
const newcomers = contenders.filter((contender) => contender !== "least");

/**
 * The file with a workload as a contender reads it. All that read pickles read CPython's, but each is asked to write its
 * own again.
 */
function pathOf(folder, contender, { workload, does }) {
  const readsPickle = contender === "ours" || contender === "least";
  const writer = contender === "pickleparser" || (readsPickle && does === "decode") ? "CPython" : contender;
  return join(folder, `${workload}.${writer}`);
}

/** Gets a contender ready to be timed at a row; false when it cannot do that row. */
async function prepare(child, row, { folder, sizes }) {
  if (row.does === "encode") return child.ask("prepare", { row, sizes });
  const path = pathOf(folder, child.contender, row);
  return existsSync(path) && child.ask("prepare", { row, sizes, path });
}

/**
 * Has every workload written by everyone, and checks every row of everyone. What we write is read by CPython.
 *
 * @throws Error when a result is wrong
 */
export async function verify(children, { folder, sizes }) {
  for (const child of children) {
    for (const row of rows.filter(({ does, variant }) => does === "encode" && !variant)) {
      if (!(await prepare(child, row, { folder, sizes }))) continue;
      await child.ask("write", { path: pathOf(folder, child.contender, row) });
    }
  }
  for (const child of children) {
    for (const row of rows) {
      const path = pathOf(folder, child.contender, row);
      if (!existsSync(path)) continue;
      if (await child.ask("prepare", { row, sizes, path })) await child.ask("check");
    }
  }
  const python = children.find(({ contender }) => contender === "CPython");
  for (const row of rows.filter(({ does, variant }) => does === "decode" && !variant)) {
    const path = pathOf(folder, "ours", { ...row, does: "encode" });
    await python.ask("prepare", { row, sizes, path });
    await python.ask("check");
  }
}

/**
 * Measures one row warm: rounds in each of which every contender works for about one slice of time, a different one
 * first in each.
 *
 * @returns the nanoseconds of one call, a list of rounds by contender
 */
export async function measureWarm(children, row, { folder, sizes, rounds, sliceMs }) {
  const able = [];
  for (const child of children) {
    if (!(await prepare(child, row, { folder, sizes }))) continue;
    able.push({ child, loops: await calibrate(child, sliceMs * 1e6), times: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < able.length; i++) {
      const { child, loops, times } = able[(round + i) % able.length];
      times.push((await child.ask("time", { loops })) / loops);
    }
  }
  return Object.fromEntries(able.map(({ child, times }) => [child.contender, times]));
}

/** Warms up for some slices, and says how many loops fill one. */
async function calibrate(child, slice) {
  let loops = 1;
  let full = 0;
  for (;;) {
    const took = await child.ask("time", { loops });
    if (took >= slice / 2) full += 1;
    loops = Math.max(1, Math.min(loops * 10, Math.round((loops * slice) / took)));
    if (full === 3) return loops;
  }
}

/**
 * Measures the first call of a row in fresh processes: one of each contender is started and got ready, then one after
 * another is timed while the others wait.
 *
 * @returns as {@link measureWarm}
 */
export async function measureFirst(row, { folder, sizes, processes, python }) {
  const times = {};
  for (let round = 0; round < processes; round++) {
    const children = newcomers.map((contender) => startChild(contender, python));
    try {
      const ready = await Promise.all(children.map((child) => prepare(child, row, { folder, sizes })));
      const able = children.filter((_, i) => ready[i]);
      for (let i = 0; i < able.length; i++) {
        const child = able[(round + i) % able.length];
        times[child.contender] ??= [];
        times[child.contender].push(await child.ask("time", { loops: 1 }));
      }
    } finally {
      await Promise.all(children.map((child) => child.stop()));
    }
  }
  return times;
}
