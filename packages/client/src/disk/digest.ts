// The digest of a whole file, computed piece by piece: what else is asked of the thread is done in between.

import fs from "node:fs";
import { promisify } from "node:util";
import { TargetError } from "../errors.js";
import { crypto } from "./crypto.js";
import { openRegular } from "./whole.js";

const read = promisify(fs.read);

const PIECE_BYTES = 1024 * 1024;

/**
 * The SHA-256 of a file, in lower-case hexadecimal.
 *
 * @param isWanted false gives it up
 * @throws {TargetError} `NOT_WRITTEN` where no file stands there, or it was given up
 */
export async function sha256Of(path: string, isWanted: () => boolean): Promise<string> {
  const fd = openRegular(path, fs.constants.O_RDONLY);
  if (fd === undefined) throw new TargetError("NOT_WRITTEN", path, "no file stands there");
  try {
    const hash = crypto().createHash("sha256");
    const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
    for (;;) {
      const { bytesRead } = await read(fd, buffer, 0, buffer.length, null);
      if (!isWanted()) throw new TargetError("NOT_WRITTEN", path, "its digest was given up");
      if (bytesRead === 0) return hash.digest("hex");
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    fs.closeSync(fd);
  }
}
