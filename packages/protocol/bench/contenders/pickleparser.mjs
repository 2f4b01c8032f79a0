// pickleparser reads pickles, and writes none. Its dicts are plain objects; bytes are always views.

import { Parser } from "pickleparser";
import { Mensaje } from "../mensaje.mjs";

/** As in ours.mjs; undefined for a row that it cannot do. */
export function makeTask({ does, variant }, _sizes, encoded) {
  if (does === "encode" || variant === "copy") return undefined;
  const parser = new Parser({ nameResolver: { resolve: () => Mensaje } });
  return () => parser.parse(encoded);
}
