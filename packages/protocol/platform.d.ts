// All that the sources may use of their platform: what Node and browsers both have. `tsconfig.portable.json` checks
// src against this file alone, without the types of Node or of the DOM, so that neither can slip in. A global that
// both have may be added here, with the members in use.

interface AbortSignal {
  readonly aborted: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: as the platforms' own types declare it
  readonly reason: any;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
declare var AbortSignal: {
  prototype: AbortSignal;
  abort(reason?: unknown): AbortSignal;
  any(signals: AbortSignal[]): AbortSignal;
  timeout(milliseconds: number): AbortSignal;
};

interface AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
declare var AbortController: { prototype: AbortController; new (): AbortController };

interface TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, into: Uint8Array): { readonly read: number; readonly written: number };
}
declare var TextEncoder: { prototype: TextEncoder; new (): TextEncoder };

interface TextDecoder {
  decode(bytes?: Uint8Array, options?: { readonly stream?: boolean }): string;
}
declare var TextDecoder: {
  prototype: TextDecoder;
  new (encoding?: string, options?: { readonly fatal?: boolean; readonly ignoreBOM?: boolean }): TextDecoder;
};

declare function queueMicrotask(callback: () => void): void;

interface Timer {
  readonly [timerBrand]: never;
}
declare const timerBrand: unique symbol;
declare function setTimeout(callback: () => void, milliseconds?: number): Timer;
declare function clearTimeout(timer: Timer | undefined): void;

declare const performance: { now(): number };

interface ReadableStream<T> {
  getReader(): { read(): Promise<{ readonly done: boolean; readonly value?: T }> };
}
interface WritableStream<T> {
  getWriter(): { write(chunk: T): Promise<void>; close(): Promise<void> };
}
interface TransformStream<I, O> {
  readonly readable: ReadableStream<O>;
  readonly writable: WritableStream<I>;
}
declare var TransformStream: {
  prototype: TransformStream<unknown, unknown>;
  new <I, O>(transformer: {
    transform?: (chunk: I, controller: { enqueue(chunk: O): void }) => void;
    flush?: () => void;
  }): TransformStream<I, O>;
};
