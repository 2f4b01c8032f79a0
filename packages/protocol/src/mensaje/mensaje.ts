// The only thing that travels.

import type { PyValue } from "../pickle/values.js";

/** What a Mensaje is made with; what is left out is null, Python's None. */
export interface MensajeFields<Data extends PyValue = PyValue> {
  readonly operacion?: string | null | undefined;
  readonly data?: Data | undefined;
  readonly estado?: string | null | undefined;
  /** Attributes beyond the three, which peers that do not know them ignore. A `Trailer` stands after the data. */
  readonly extras?: Iterable<readonly [name: string, value: PyValue]> | undefined;
}

/**
 * A request or a reply: `operacion` (what is asked), `data` (what it carries), `estado` (how it went: "ok", "error").
 *
 * @example
 * ```ts
 * import { Mensaje } from "@fileshare/protocol";
 *
 * const request = new Mensaje({ operacion: "descargar", data: "notes.txt" });
 * const reply = new Mensaje({ data: Uint8Array.of(104, 105), estado: "ok" });
 * ```
 */
export class Mensaje<Data extends PyValue = PyValue> {
  operacion: string | null;
  data: Data | null;
  estado: string | null;
  /**
   * Attributes beyond the three, in the order in which they are written: after the three; but where `data` is a
   * `Content`, before `data`, so that the receiver knows them while it arrives, and each `Trailer` after it.
   */
  readonly extras: Map<string, PyValue>;

  constructor(fields: MensajeFields<Data> = {}) {
    this.operacion = fields.operacion ?? null;
    this.data = fields.data ?? null;
    this.estado = fields.estado ?? null;
    this.extras = new Map(fields.extras);
  }
}
