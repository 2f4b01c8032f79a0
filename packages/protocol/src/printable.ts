// Names and texts from a peer, for people to read.

/**
 * Text from a peer, safe to be printed: what a terminal would obey instead of showing it (control characters, direction
 * marks) stands as `\\u{…}`.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}
