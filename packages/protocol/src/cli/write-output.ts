// Text to stdout, as fast as it is taken.

import { once } from "node:events";

const CHUNK = 64 * 1024;

/**
 * Writes lines, each with a newline. A reader that has seen enough (head, say) ends it early.
 *
 * @throws the system's error when stdout cannot be written
 */
export async function writeLines(lines: Iterable<string>): Promise<void> {
  let text = "";
  try {
    for (const line of lines) {
      text += `${line}\n`;
      if (text.length < CHUNK) continue;
      if (!process.stdout.write(text)) await once(process.stdout, "drain");
      text = "";
    }
    await new Promise<void>((resolve, reject) =>
      process.stdout.write(text, (error) => (error ? reject(error) : resolve())),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
  }
}
