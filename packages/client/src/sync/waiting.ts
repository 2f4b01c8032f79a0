// What waits until that is removed which stands in its way: a file where the server has a folder, or a folder where it has a
// file.

import { join, sep } from "node:path";
import { type Disk, inTheWay, type Obstacle } from "../disk/disk.js";
import type { TargetError } from "../errors.js";

/** So many are looked at before it is looked whether that is still wanted. */
const LOOKED_AT_ONCE = 1024;

/** What waits, and what was in its way. Paths are from the top; that of a folder that is to be made ends in a separator. */
interface Waiter<T> {
  readonly item: T;
  readonly path: string;
  readonly obstacle: Obstacle;
}

/** Those whose way is free, and the others. */
export interface Freed<T> {
  readonly free: readonly T[];
  readonly blocked: readonly (readonly [item: T, why: TargetError])[];
}

export class Waiting<T> {
  readonly #all: Waiter<T>[] = [];

  add(item: T, path: string, obstacle: Obstacle): void {
    this.#all.push({ item, path, obstacle });
  }

  /**
   * Tells, some at a time, whose way is free now.
   *
   * @param top absolute path
   * @param gone names of what would be gone, folders' with a `/` at their ends; else it is looked at what stands there
   * @throws the signal's reason when it aborts
   */
  async *freed(
    disk: Disk,
    top: string,
    gone: ReadonlySet<string> | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Freed<T>, void, undefined> {
    for (let from = 0; from < this.#all.length; from += LOOKED_AT_ONCE) {
      signal.throwIfAborted();
      const some = this.#all.slice(from, from + LOOKED_AT_ONCE);
      const obstacles = gone ? obstaclesBut(gone, some) : await obstaclesOf(disk, top, some);
      const blocked = some.flatMap(({ item }, nth) => {
        const obstacle = obstacles.get(nth);
        return obstacle === undefined
          ? []
          : [[item, inTheWay({ ...obstacle, path: join(top, obstacle.path) })] as const];
      });
      yield { free: some.flatMap(({ item }, nth) => (obstacles.has(nth) ? [] : [item])), blocked };
    }
  }
}

async function obstaclesOf(
  disk: Disk,
  top: string,
  some: readonly Waiter<unknown>[],
): Promise<ReadonlyMap<number, Obstacle>> {
  const { obstacles } = await disk.filesWithin(
    top,
    some.map(({ path }) => path),
  );
  return new Map(obstacles);
}

function obstaclesBut(gone: ReadonlySet<string>, some: readonly Waiter<unknown>[]): Map<number, Obstacle> {
  const staying = new Map<number, Obstacle>();
  for (const [nth, { obstacle }] of some.entries()) {
    const name = obstacle.path.split(sep).join("/");
    if (!gone.has(obstacle.kind === "folder" ? `${name}/` : name)) staying.set(nth, obstacle);
  }
  return staying;
}
