// What may be read is no question to root.

/** Acts without root's rights, where the tests have them. */
export async function asNobody(act: () => Promise<void>): Promise<void> {
  const { seteuid, geteuid } = process;
  if (geteuid?.() !== 0) return act();
  seteuid?.(65_534);
  try {
    await act();
  } finally {
    seteuid?.(0);
  }
}
