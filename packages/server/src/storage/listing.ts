// Pages of a listing, whatever the storage can do.

import { letGo } from "./pieces.js";
import type { EntriesOptions, EntriesPage, Storage } from "./storage.js";

/** The most names of one page, so that neither walking nor encoding it takes long. */
const PAGE_NAMES = 2048;

/** The most files that are opened for their details, where a storage has no other way to tell them. */
const PAGE_OPENED = 256;

/** A page of what a storage holds. */
export async function entriesOf(storage: Storage, options: EntriesOptions): Promise<EntriesPage> {
  const limit = Math.min(options.limit, PAGE_NAMES);
  if (storage.entries) return storage.entries({ ...options, limit });
  return options.details.length > 0
    ? withDetails(storage, await namesOf(storage, { ...options, limit: Math.min(limit, PAGE_OPENED) }))
    : namesOf(storage, { ...options, limit });
}

async function namesOf(storage: Storage, { after, limit }: EntriesOptions): Promise<EntriesPage> {
  const all = [...new Set(await storage.list())].sort();
  const first = after === undefined ? 0 : firstAfter(all, after);
  const names = all.slice(first, first + limit);
  const next = first + limit < all.length ? names.at(-1) : undefined;
  return { names, sizes: [], modified: [], versions: [], next };
}

async function withDetails(storage: Storage, page: EntriesPage): Promise<EntriesPage> {
  const names: string[] = [];
  const sizes: number[] = [];
  const modified: number[] = [];
  const versions: string[] = [];
  for (const name of page.names) {
    const file = await storage.open(name);
    if (!file) continue;
    try {
      names.push(name);
      sizes.push(file.size);
      modified.push(file.modifiedSeconds ?? file.modified.getTime() / 1000);
      versions.push(file.version);
    } finally {
      await letGo(file);
    }
  }
  return { names, sizes, modified, versions, next: page.next };
}

/** Where the first name stands that is greater. */
export function firstAfter(sorted: readonly string[], after: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as string) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
