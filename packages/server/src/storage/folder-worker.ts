// The worker of a folder: lists it, or reads small files in it. Started by directory.ts, with the folder's path.

import { workerData } from "node:worker_threads";
import { type Answer, answerCalls } from "../answer-calls.js";
import { type PackedFile, type Resolved, readSmall } from "./read-small.js";
import type { EntriesOptions } from "./storage.js";
import { Lister, type PackedPage } from "./walk.js";

/** What it is asked: a page of the listing, or a small file. */
export type FolderCall = EntriesOptions | { readonly name: string; readonly maxBytes: number };

const folder = workerData as string;
const lister = new Lister(folder);
let resolved: Resolved = new Map();

answerCalls<FolderCall, PackedPage | PackedFile | undefined>((call) => {
  if (!("name" in call)) {
    const page = lister.page(call);
    return { result: page, transfer: [page.sizes.buffer, page.modified.buffer] };
  }
  if (resolved.size === 0)
    setImmediate(() => {
      resolved = new Map();
    });
  const file = readSmall(folder, call.name, call.maxBytes, resolved);
  const answer: Answer<PackedFile | undefined> = { result: file };
  return file ? { ...answer, transfer: [file.bytes.buffer] } : answer;
});
