// The digest of a whole file as the server has it (PROTOCOL.md, section 6.2).

import { setTimeout as sleep } from "node:timers/promises";
import { ChangedError, NoDigestError, ReplyError } from "../errors.js";
import { MOST_CHANGES } from "./download.js";
import { retryingFile } from "./file-retry.js";
import { type RangeRequest, rangeMensaje, readRangeReply } from "./remote.js";
import type { Transfers } from "./transfers.js";

const ALGORITHM = "sha256";
const SHA256 = /^[0-9a-f]{64}$/;

/** How long a reply is, roughly. */
const REPLY_BYTES = 1024;

/** A server may compute for ten seconds before it says that it is not done yet: how long it has for that, in milliseconds. */
const LEAST_REPLY_MS = 15_000;

/** A server may answer at once that it is still computing: how long until it is asked again, in milliseconds. */
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2000;

/**
 * The SHA-256 of a file on the server, in lower-case hexadecimal. It is asked for until the server has computed it.
 *
 * @throws {NoDigestError} when the server gives none, or says for too long that it is computing
 * @throws {ChangedError} when the file changed again and again meanwhile
 */
export async function remoteDigest(
  transfers: Transfers,
  nombre: string,
  signal: AbortSignal,
  retries?: number,
): Promise<string> {
  // An old one would send the whole file.
  if (transfers.extended === false) throw new NoDigestError(nombre);
  const request: RangeRequest = { nombre, range: { start: 0, end: 0 }, checksums: [], digest: ALGORITHM };
  let version: string | undefined;
  let changes = 0;
  const begun = performance.now();
  const ask = (): Promise<string | null> =>
    transfers.ask(
      (id) => rangeMensaje(request, id),
      async (mensaje) => {
        const { file, digest, content } = readRangeReply(request, mensaje);
        if (!file || digest?.[0] !== ALGORITHM) throw new NoDigestError(nombre);
        await content.bytes();
        const [, value] = digest;
        if (version !== undefined && file.version !== version) changes += 1;
        version = file.version;
        if (value !== null && !SHA256.test(value)) throw new ReplyError("The server's reply is no SHA-256");
        return value;
      },
      { bytes: REPLY_BYTES, signal, leastReplyMs: LEAST_REPLY_MS },
    );
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
    const digest = await retryingFile(transfers, ask, {
      retries,
      signal,
      progress: () => 0,
      onRetry: () => {},
    });
    if (digest !== null) {
      transfers.digestAt = performance.now();
      return digest;
    }
    if (changes > MOST_CHANGES) throw new ChangedError(nombre);
    // Those of other files may be computed first.
    const since = Math.max(begun, transfers.digestAt);
    if (performance.now() - since > transfers.digestTimeoutMs) throw new NoDigestError(nombre);
    await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
