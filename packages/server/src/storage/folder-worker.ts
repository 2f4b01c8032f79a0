// The worker of a folder: lists it, or reads small files in it. Started by directory.ts, with the folder's path.

import { workerData } from "node:worker_threads";
import { answerCalls, outcomeOf } from "../answer-calls.js";
import { Lister, type PackedPage } from "./lister.js";
import { type BatchCall, type PackedBatch, readBatch } from "./read-batch.js";
import { type PackedFile, readSmall } from "./read-small.js";
import type { EntriesOptions } from "./storage.js";

/** What it is asked: a page of the listing, a small file, or many of them. */
export type FolderCall = EntriesOptions | SmallCall | BatchCall;

/** A small file. */
export interface SmallCall {
  readonly name: string;
  readonly maxBytes: number;
}

const folder = workerData as string;
const lister = new Lister(folder);

/** Makes pages ahead while nothing is asked: one at a time, as calls that come meanwhile go first. */
function lookAhead(): void {
  if (lister.lookAhead()) setImmediate(lookAhead);
}

answerCalls<FolderCall, PackedPage | PackedFile | PackedBatch | undefined>((calls) => {
  const files = readSmall(folder, calls.filter(isSmallCall))[Symbol.iterator]();
  const transfer = new Set<ArrayBuffer>();
  const results = calls.map((call) =>
    outcomeOf(() => {
      if ("names" in call) {
        transfer.add(call.memory);
        return readBatch(folder, call);
      }
      if (!isSmallCall(call)) return lister.page(call);
      const file = files.next().value;
      if (file) transfer.add(file.bytes.buffer);
      return file;
    }),
  );
  setImmediate(lookAhead);
  return { results, transfer: [...transfer] };
});

function isSmallCall(call: FolderCall): call is SmallCall {
  return "name" in call;
}
