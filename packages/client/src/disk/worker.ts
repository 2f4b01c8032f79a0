// The thread that does the file work of a Disk.

import { parentPort } from "node:worker_threads";
import { asTargetError, toFailure } from "./failure.js";
import { type Bytes, type Reply, type Request, type Requests, Work } from "./work.js";

const work = new Work();

/** Does one thing; gives the reply, or a promise of it where there is something to wait for. */
function answer({ id, work: name, path, args, bytes }: Request, block: ArrayBuffer): Reply | Promise<Reply> {
  const failed = (error: unknown): Reply => ({ id, failure: toFailure(asTargetError(error, path)) });
  try {
    const method = work[name] as (...args: unknown[]) => unknown;
    const value = method.apply(work, bytes ? [...args, locate(bytes, block)] : [...args]);
    if (!(value instanceof Promise)) return { id, value };
    return value.then((late) => ({ id, value: late }), failed);
  } catch (error) {
    return failed(error);
  }
}

const noBlock = new ArrayBuffer(0);
const memory = new Map<number, SharedArrayBuffer>();

function locate({ shared, from, length }: Bytes, block: ArrayBuffer): Uint8Array {
  return new Uint8Array((shared !== undefined && memory.get(shared)) || block, from, length);
}

parentPort?.on("message", ({ requests, block = noBlock, shared = new Map(), forget }: Requests) => {
  for (const [number, buffer] of shared) memory.set(number, buffer);
  if (forget !== undefined) memory.delete(forget);
  const replies: Reply[] = [];
  for (const request of requests) {
    const reply = answer(request, block);
    if (reply instanceof Promise) reply.then((late) => parentPort?.postMessage([late]));
    else replies.push(reply);
  }
  if (replies.length > 0) parentPort?.postMessage(replies);
});
