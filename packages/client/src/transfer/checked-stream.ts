// A file's content for an app to read: ranges one after another, each checked when it is at its end.

import { Content } from "@fileshare/protocol";
import { algorithms, type Hasher, hasherFor } from "../disk/checksum.js";
import { ChecksumError } from "../errors.js";
import type { RangeReply, RangeRequest } from "./remote.js";

/** How many bytes are asked for first: until their checksum has come, all that it might be are computed. */
const FIRST_BYTES = 4 * 1024 * 1024;

/** How a range is asked for. */
export type AskRange = (request: RangeRequest) => Promise<RangeReply>;

/**
 * Opens the content of a file.
 *
 * @param between called when it is given up between two ranges, while a reply is awaited
 * @throws what asking for the first range throws; reading, what asking for a later one throws, and {@link ChecksumError}
 */
export async function openStream(nombre: string, ask: AskRange, between: () => void): Promise<Content> {
  const request = { nombre, range: { start: 0, end: FIRST_BYTES }, checksums: algorithms };
  const first = await ask(request);
  const { file } = first;
  let arriving: Content | undefined = first.content;
  let cancelled = false;
  const open = async function* (): AsyncGenerator<Uint8Array> {
    let reply = first;
    let known: string | undefined;
    for (;;) {
      const hashers = (known === undefined ? algorithms : [known]).flatMap((name) => hasherFor(name) ?? []);
      for await (const piece of reply.content) {
        if (file) for (const hasher of hashers) hasher.update(piece);
        yield piece;
      }
      if (cancelled) return;
      arriving = undefined;
      known = check(nombre, reply, hashers);
      const start = reply.range.end;
      if (!file || start === file.size) return;
      reply = await ask({ ...request, range: { start, end: file.size }, version: file.version });
      arriving = reply.content;
    }
  };
  const cancel = async (): Promise<void> => {
    cancelled = true;
    if (arriving) await arriving.cancel();
    else between();
  };
  return new Content(file?.size ?? first.content.length, { open, cancel });
}

/** Checks what has arrived of a range. Gives the algorithm that the server has. */
function check(nombre: string, reply: RangeReply, hashers: readonly Hasher[]): string | undefined {
  const checksum = reply.end();
  if (!checksum) return undefined;
  const hasher = hashers.find(({ algorithm }) => algorithm === checksum.algorithm);
  if (hasher?.value() === checksum.value) return checksum.algorithm;
  throw new ChecksumError(nombre, "the checksum of what arrived is not the server's", "read");
}
