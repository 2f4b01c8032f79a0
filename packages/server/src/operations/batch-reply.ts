// Several small files -> the one Mensaje that brings them: PROTOCOL.md, section 6.2.1.

import { Content, Mensaje } from "@fileshare/protocol";
import { quickSealOf } from "@fileshare/protocol/node";
import { PyTuple, type PyValue } from "@fileshare/protocol/pickle";
import { chooseChecksum } from "../checksums.js";
import type { ReadManyLimits, SmallFiles } from "../storage/storage.js";
import type { BatchRequest } from "./attributes.js";
import { float } from "./listar.js";

/** The most bytes of one reply, and of one file in it. */
export const BATCH_LIMITS: ReadManyLimits = { maxFileBytes: 64 * 1024, maxBytes: 1024 * 1024 };

/** The reply to a request for several files. */
export async function batchReply(
  files: SmallFiles,
  { names, expected, checksums }: BatchRequest,
): Promise<Mensaje> {
  const { bytes, lengths, versions, modified } = files;
  // Fields are sealed with line feeds between them: each column goes as one.
  const columns = lengths.length === 0 ? [names] : [names, lengths, versions];
  const seal = quickSealOf(columns.map((column) => column.join("\n")));
  const extras: [string, PyValue][] = [["seal", seal]];
  // Whoever knows beforehand what the seal would be knows all that it is of.
  if (seal !== expected) {
    extras.push(["parts", [...lengths]], ["versions", [...versions]], ["modified", modified.map(float)]);
  }
  const algorithm = await chooseChecksum(checksums);
  if (algorithm) extras.push(["checksum", new PyTuple([algorithm.name, algorithm.of(bytes)])]);
  // As content it stands behind its attributes.
  return new Mensaje({ data: Content.of(bytes), estado: "ok", extras });
}
