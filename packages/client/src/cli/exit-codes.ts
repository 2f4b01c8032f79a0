// How the command ends; the README has these as a table.

export const exitCodes = {
  /** All was done. */
  done: 0,
  /** Something was not: the server refused it, or it could not be saved here. */
  failed: 1,
  /** The command was not understood. */
  usage: 2,
  /** The server cannot be reached, or the connection was lost. */
  noConnection: 3,
  /** The time of `--max-time` was up. */
  timeUp: 4,
  /** Ctrl-C. */
  interrupted: 130,
} as const;
