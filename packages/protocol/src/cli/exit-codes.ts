// How the command ends; the README has these as a table.

export const exitCodes = {
  /** `decode` takes all that was inspected. */
  taken: 0,
  /** `decode` refuses it, or it is no pickle. */
  refused: 1,
  /** The command was not understood, or the file could not be read. */
  failed: 2,
} as const;
