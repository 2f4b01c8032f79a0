import { rmSync } from "node:fs";
import { mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of its own for one test. */
export interface TempFolder extends AsyncDisposable {
  /** Its real, absolute path. */
  readonly path: string;
  /** Removes it with all that is in it. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes an empty folder, to be removed by its `[Symbol.asyncDispose]()`. */
export async function tempFolder(): Promise<TempFolder> {
  const path = await mkdtemp(join(await realpath(tmpdir()), "fileshare-"));
  return {
    path,
    async [Symbol.asyncDispose]() {
      // At once: with a promise for each of many files it takes three times as long.
      rmSync(path, { recursive: true, force: true });
    },
  };
}
