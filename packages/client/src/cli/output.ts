// What goes to stdout and stderr.

import { printable } from "@fileshare/protocol";

export function writeJson(record: object): void {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}

export function writeError(message: string): void {
  process.stderr.write(`fileshare: ${printable(message)}\n`);
}

/** Said where what has arrived of a file is kept. */
export const goOnText = "What has arrived is kept: run the same command again to go on from there.";
