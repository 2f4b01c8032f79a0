// The payload of a frame, in pieces -> a Mensaje: its attributes as they complete, large data left to the caller.

import { MensajeError } from "../errors.js";
import type { InstanceOrigin, PickleClass } from "../pickle/classes.js";
import { PyDict } from "../pickle/collections.js";
import { PickleDecodeError } from "../pickle/errors.js";
import type { Machine } from "../pickle/machine.js";
import { Unpickler } from "../pickle/unpickler.js";
import { PyTuple, type PyValue } from "../pickle/values.js";
import type { AcceptClass, Dialect } from "./dialect.js";
import { Mensaje } from "./mensaje.js";

/** What a {@link MensajeDecoder} may be told. */
export interface MensajeDecoderOptions {
  readonly acceptClass: AcceptClass;
  /** Bytes of a payload that may be held in memory: all but streamed data. */
  readonly maxBufferedBytes: number;
  /** From how many bytes on `data` is left to the caller. */
  readonly streamFrom: number;
}

/** What stands for `data` in a pickle whose bytes are not read into memory. */
class DataInTransit {
  readonly length: number;

  constructor(length: number) {
    this.length = length;
  }
}

/** Decodes one Mensaje, fed as {@link Unpickler} is. */
export class MensajeDecoder {
  readonly #decoder: Unpickler;
  readonly #streamFrom: number;
  /** How each Mensaje in the pickle was made; more than one only where one stands in the data of another. */
  readonly #origins = new Map<object, InstanceOrigin>();
  #streamed: { mensaje: Mensaje; data: DataInTransit } | undefined;
  #slots = false;

  constructor(options: MensajeDecoderOptions) {
    this.#streamFrom = options.streamFrom;
    // A few bytes of pickle can make a value of hundreds in memory: the number of values is bound too, well above that of
    // a list of names as long as may be, and that of objects so that they take no more memory than the bytes.
    const values = Math.max(10_000, options.maxBufferedBytes / 32);
    const maxObjects = Math.max(1000, options.maxBufferedBytes / 256);
    const cls: PickleClass = {
      create: (args, origin) => {
        if (args.length > 0) throw new MensajeError("BAD_ATTRIBUTE", "the class was called with arguments");
        const mensaje = new Mensaje();
        this.#origins.set(mensaje, origin);
        return mensaje;
      },
      setState: (mensaje, state) => {
        this.#slots = state instanceof PyTuple;
        for (const [name, value] of attributesOf(state)) setAttribute(mensaje as Mensaje, name, value);
      },
    };
    this.#decoder = new Unpickler(
      {
        findClass: (module, qualname) => (options.acceptClass(module, qualname) ? cls : undefined),
        limits: {
          maxBytes: options.maxBufferedBytes,
          maxObjects,
          maxItems: values,
          maxStack: values,
          maxMemo: values,
        },
        encoding: "utf-8",
      },
      (length, machine) => this.#divert(length, machine),
    );
  }

  get state(): Unpickler["state"] {
    return this.#decoder.state;
  }

  /** Bytes of streamed data that the caller has to take out of the input next. */
  get bytesLeft(): number {
    return this.#decoder.bytesLeft;
  }

  /** The Mensaje whose data is being streamed, with the attributes that stood before it. */
  get streamed(): Mensaje | undefined {
    return this.#streamed?.mensaje;
  }

  tookBytes(count: number): void {
    this.#decoder.tookBytes(count);
  }

  /** @throws {MensajeError} `MALFORMED` when the pickle is refused, `BAD_ATTRIBUTE` when it does not make a Mensaje */
  push(chunk: Uint8Array): number {
    return reading(() => this.#decoder.push(chunk));
  }

  /**
   * The Mensaje and the way in which it was written, once the payload has ended.
   *
   * @throws {MensajeError} when the payload was no Mensaje
   */
  finish(): { mensaje: Mensaje; dialect: Dialect } {
    reading(() => this.#decoder.end());
    const mensaje = this.#decoder.value;
    const origin = mensaje instanceof Mensaje ? this.#origins.get(mensaje) : undefined;
    if (!(mensaje instanceof Mensaje) || !origin) {
      throw new MensajeError("NOT_A_MENSAJE", "the pickle holds something else");
    }
    if (this.#streamed && this.#streamed.mensaje !== mensaje) {
      throw new MensajeError("NOT_A_MENSAJE", "the pickle drops the Mensaje whose data it streamed");
    }
    const { module, qualname, construction } = origin;
    const dialect: Dialect = {
      protocol: this.#decoder.protocol,
      module,
      qualname,
      construction: construction === "classic" ? "classic" : "new",
      slots: this.#slots,
    };
    return { mensaje, dialect };
  }

  /** Large bytes are streamed where they are the `data` attribute of the Mensaje itself. */
  #divert(length: number, machine: Machine): PyValue | undefined {
    if (length < this.#streamFrom || this.#streamed) return undefined;
    const stack = machine.stack.slice(0, machine.sp);
    const [mensaje] = stack;
    // Python writes the state as a dict; for a class with slots, as (None, dict).
    const state = stack[1] === null ? 2 : 1;
    const attributes = stack.slice(state + 1);
    if (!(mensaje instanceof Mensaje) || !(stack[state] instanceof PyDict)) return undefined;
    if (attributes.length % 2 === 0 || attributes.at(-1) !== "data") return undefined;
    for (let i = 0; i + 1 < attributes.length; i += 2) {
      const name = attributes[i];
      if (typeof name === "string") setAttribute(mensaje, name, attributes[i + 1] as PyValue);
    }
    const data = new DataInTransit(length);
    this.#streamed = { mensaje, data };
    return data;
  }
}

/** The attributes in a state as Python pickles it: a dict, or for a class with slots (None or a dict, the slots). */
function* attributesOf(state: PyValue): Generator<[string, PyValue]> {
  const dicts = state instanceof PyTuple && state.length === 2 ? state.items : [state];
  for (const dict of dicts) {
    if (dict === null) continue;
    if (!(dict instanceof PyDict)) throw new MensajeError("BAD_ATTRIBUTE", "the state is no dict");
    for (const [name, value] of dict) {
      if (typeof name !== "string") throw new MensajeError("BAD_ATTRIBUTE", "an attribute's name is no str");
      yield [name, value];
    }
  }
}

/** Sets an attribute by its name in Python. */
function setAttribute(mensaje: Mensaje, name: string, value: PyValue): void {
  switch (name) {
    case "operacion":
    case "estado":
      if (value !== null && typeof value !== "string") {
        throw new MensajeError("BAD_ATTRIBUTE", `${name} is neither None nor a str`);
      }
      mensaje[name] = value;
      break;
    case "data":
      // Bytes in transit were handed out already, as a Content.
      if (!(value instanceof DataInTransit)) mensaje.data = value;
      break;
    default:
      mensaje.extras.set(name, value);
  }
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof PickleDecodeError) throw new MensajeError("MALFORMED", cause.message, { cause });
    throw cause;
  }
}
