/** CPython's pickle as an oracle: python/dumps.py and python/echo.py, kept running between requests. */

import { Script } from "./child.ts";
import { defaultPython, type Python } from "./pythons.ts";

/**
 * A Python value as JSON. A string, number, boolean or null stands for itself, though a number without a fraction
 * becomes an int: write `{ float: "1.0" }`. `{ names: n }` is a list of n names `file-00000.bin`, `{ zeros: n }` is
 * n zero bytes, `bytes` is base64, `str` is the interpreter's own str (Python 2.7 reads a plain string as unicode).
 */
export type Tagged =
  | null
  | boolean
  | number
  | string
  | { readonly list: readonly Tagged[] }
  | { readonly tuple: readonly Tagged[] }
  | { readonly dict: readonly (readonly [Tagged, Tagged])[] }
  | { readonly bytes: string }
  | { readonly zeros: number }
  | { readonly names: number }
  | { readonly int: string }
  | { readonly float: string }
  | { readonly str: string };

/** The Mensaje that Python is to pickle. */
export interface DumpsRequest {
  /** Default: the interpreter's default. */
  readonly protocol?: number | undefined;
  /** The module in the class reference. Default `"__main__"`. */
  readonly module?: string | undefined;
  /** Default null, as of `data` and `estado`. */
  readonly operacion?: Tagged | undefined;
  readonly data?: Tagged | undefined;
  readonly estado?: Tagged | undefined;
  /** More attributes, in this order, after the three. */
  readonly extras?: Readonly<Record<string, Tagged>> | undefined;
  /** Whether its class has `__slots__`: needs protocol 2 or above, allows no extras. Default false. */
  readonly slots?: boolean | undefined;
  /** Python 2.7: a class without the base `object`. Default false. */
  readonly oldStyle?: boolean | undefined;
  /** Python 2.7: `cPickle` instead of `pickle`. Default false. */
  readonly cPickle?: boolean | undefined;
  /** Whether `bytes` is wanted whatever its length. Default false. */
  readonly full?: boolean | undefined;
}

/** The pickle that Python wrote. */
export interface DumpsReply {
  /** Of the pickle, in hex. */
  readonly sha256: string;
  readonly length: number;
  /** The pickle itself, when it is shorter than 4096 bytes or was asked for with `full`. */
  readonly bytes: Uint8Array | undefined;
}

/** What Python read, twice. */
export interface EchoReply {
  /** The value, pickled again by Python. */
  readonly pickle: Uint8Array;
  /**
   * The value as ASCII text, exact about types: `1`, `True`, `1.0`, `-0.0`, `nan`, `'text'`, `b'bytes'`, `'\udc80'`,
   * `bytearray(b'')`, `[1]`, `(1,)`, `{'a': 1}`, `set([1, 2])` and `frozenset([])` with sorted members,
   * `mod.Mensaje{'operacion': None}`. A container that occurs again is `#1=[...]` at first, then `#1#`.
   */
  readonly repr: string;
}

/** Python raised: the message is the exception's, as in `UnpicklingError: pickle data was truncated`. */
export class PythonError extends Error {
  override readonly name: string = "PythonError";
}

/**
 * Asks one interpreter how it writes and reads pickles. Requests are answered one at a time, in their order. A
 * process is started with the first request that needs it, and again if it died; close the oracle to end both.
 */
export class PythonOracle implements AsyncDisposable {
  readonly #dumps: Talk;
  readonly #echo: Talk;

  /** @param python the interpreter, or its path; default {@link defaultPython} */
  constructor(python: Python | string = defaultPython()) {
    this.#dumps = new Talk("dumps", python);
    this.#echo = new Talk("echo", python);
  }

  /**
   * `pickle.dumps(Mensaje(...), protocol)`.
   *
   * @throws PythonError when Python raises
   */
  dumps(request: DumpsRequest): Promise<DumpsReply> {
    return this.#dumps.exchange(`${JSON.stringify(request)}\n`, async (answer) => {
      const reply = JSON.parse(await answer.line()) as
        | { error: string }
        | { error?: never; sha256: string; length: number; base64?: string };
      if (reply.error !== undefined) throw new PythonError(reply.error);
      const bytes =
        reply.base64 === undefined ? undefined : new Uint8Array(Buffer.from(reply.base64, "base64"));
      return { sha256: reply.sha256, length: reply.length, bytes };
    });
  }

  /**
   * `pickle.loads` of a pickle, then `pickle.dumps` of the value in that protocol, and its canonical repr.
   *
   * @throws PythonError when Python raises
   */
  echo(protocol: number, pickle: Uint8Array): Promise<EchoReply> {
    const request = Buffer.alloc(5 + pickle.length);
    request.writeUInt32BE(1 + pickle.length);
    request.writeUInt8(protocol, 4);
    request.set(pickle, 5);
    return this.#echo.exchange(request, async (answer) => {
      const again = await answer.lengthPrefixed();
      const repr = (await answer.lengthPrefixed()).toString("utf8");
      if (again.length === 0) throw new PythonError(repr);
      return { pickle: new Uint8Array(again), repr };
    });
  }

  /** Kills both processes and rejects what is under way; resolves when they are gone. Closing twice is allowed. */
  async close(): Promise<void> {
    await Promise.all([this.#dumps.close(), this.#echo.close()]);
  }

  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Requests to one long-lived script, each waiting for the answer to the one before. */
class Talk {
  readonly #name: string;
  readonly #python: Python | string;
  #answer: Answer | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(name: string, python: Python | string) {
    this.#name = name;
    this.#python = python;
  }

  exchange<T>(request: string | Uint8Array, read: (answer: Answer) => Promise<T>): Promise<T> {
    const run = async (): Promise<T> => {
      if (this.#closed) throw new Error("PythonOracle is closed");
      if (this.#answer === undefined || this.#answer.ended) {
        this.#answer = new Answer(new Script(this.#name, [], { python: this.#python, stdin: true }));
      }
      this.#answer.script.process.stdin?.write(request);
      return read(this.#answer);
    };
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#answer?.script.kill();
    await this.#last;
  }
}

/** The bytes that a script writes, read in exact runs. */
class Answer {
  readonly script: Script;
  ended = false;
  #chunks: Buffer[] = [];
  #length = 0;
  #wake = (): void => {};

  constructor(script: Script) {
    this.script = script;
    script.stdout.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake();
    });
    void script.ended.then(() => {
      this.ended = true;
      this.#wake();
    });
  }

  async line(): Promise<string> {
    let searched = 0;
    let end = 0;
    for (;;) {
      for (const chunk of this.#chunks.slice(searched)) {
        const index = chunk.indexOf("\n");
        if (index >= 0) return (await this.exactly(end + index + 1)).toString("utf8");
        end += chunk.length;
        searched++;
      }
      await this.#more();
    }
  }

  async lengthPrefixed(): Promise<Buffer> {
    return this.exactly((await this.exactly(4)).readUInt32BE());
  }

  async exactly(length: number): Promise<Buffer> {
    while (this.#length < length) await this.#more();
    const all = this.#chunks.length === 1 ? this.#chunks[0] : undefined;
    const bytes = all ?? Buffer.concat(this.#chunks);
    this.#chunks = bytes.length === length ? [] : [bytes.subarray(length)];
    this.#length -= length;
    return bytes.subarray(0, length);
  }

  async #more(): Promise<void> {
    if (this.ended) throw this.script.failure("ended before it answered");
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
