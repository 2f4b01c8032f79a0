// An attribute that is only known when the data has gone by.

import type { PyValue } from "../pickle/values.js";

/**
 * The value of an extra attribute that is sent after the `data` of a Mensaje, and known no sooner: a checksum of it, say.
 * Among the `extras` of a Mensaje that is sent only; one that was received has the value itself.
 *
 * A frame's length is sent before its payload: so the value must take as many bytes in the pickle as the placeholder. A
 * str of ASCII of the same length does, or a bool.
 */
export class Trailer {
  readonly placeholder: PyValue;
  readonly value: () => PyValue;

  /**
   * @param placeholder what takes as many bytes as the value will
   * @param value called once the data was handed to the transport
   */
  constructor(placeholder: PyValue, value: () => PyValue) {
    this.placeholder = placeholder;
    this.value = value;
  }
}
