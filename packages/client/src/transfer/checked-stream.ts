// A file's content for an app to read: ranges one after another, each checked when it is at its end.

import { Content } from "@fileshare/protocol";
import { algorithms, type Hasher, hasherFor } from "../disk/checksum.js";
import { ChecksumError, ReplyError } from "../errors.js";
import { type RangeReply, type RangeRequest, TOLD_BYTES } from "./remote.js";

/** How many bytes are asked for first: until their checksum has come, all that it might be are computed. */
const FIRST_BYTES = 4 * 1024 * 1024;

/** How many are asked for then: as many may have been read that turn out damaged. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Opens the content of a file.
 *
 * @param ask asks for a range
 * @param giveUp called when the content is cancelled while a range is asked for
 * @param tellsLate whether the server says after large bytes what they are
 * @throws what asking for the first range throws; reading, what asking for a later one throws, and {@link ChecksumError}
 */
export async function openStream(
  nombre: string,
  ask: (request: RangeRequest) => Promise<RangeReply>,
  giveUp: () => void,
  tellsLate: boolean,
): Promise<Content> {
  const end = tellsLate ? TOLD_BYTES : FIRST_BYTES;
  const first = await ask({ nombre, range: { start: 0, end }, checksums: algorithms() });
  const { file } = first;
  let reply = first;
  let isAsking = false;
  let cancelled = false;
  const open = async function* (): AsyncGenerator<Uint8Array> {
    let checksums = algorithms();
    for (;;) {
      // A server that sends more than was asked for is an old one, which gives no checksum.
      const isChecked = file !== undefined || reply.content.length <= FIRST_BYTES;
      const hashers = isChecked ? checksums.flatMap((name) => hasherFor(name) ?? []) : [];
      for await (const piece of reply.content.lend()) {
        for (const hasher of hashers) hasher.update(piece);
        yield piece;
      }
      if (cancelled) return;
      checksums = check(nombre, reply, hashers);
      const start = reply.range.end;
      if (!file || start === file.size) return;
      const range = { start, end: Math.min(file.size, start + MOST_BYTES) };
      isAsking = true;
      reply = await ask({ nombre, range, file, checksums });
      isAsking = false;
      if (!reply.file) throw new ReplyError("The server's reply does not say of what file it is");
    }
  };
  const cancel = async (): Promise<void> => {
    cancelled = true;
    if (isAsking) giveUp();
    else await reply.content.cancel();
  };
  return new Content(file?.size ?? first.content.length, { open, cancel, lends: true });
}

/** Checks what has arrived of a range. Gives the algorithm that the server has. */
function check(nombre: string, reply: RangeReply, hashers: readonly Hasher[]): readonly string[] {
  const checksum = reply.end();
  if (!checksum) return [];
  const hasher = hashers.find(({ algorithm }) => algorithm === checksum.algorithm);
  if (hasher?.value() === checksum.value) return [checksum.algorithm];
  throw new ChecksumError(nombre, "the checksum of what arrived is not the server's", "read");
}
