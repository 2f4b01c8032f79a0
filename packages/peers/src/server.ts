/** Runs python/server.py: the old server, habits included. */

import { Script, Text } from "./child.ts";
import type { Python } from "./pythons.ts";

const START_MS = 30_000;
const WAIT_MS = 10_000;

/** What the old server is started with. */
export interface PythonServerOptions {
  /** The interpreter, or its path. Default: {@link defaultPython}. */
  readonly python?: Python | string | undefined;
  /** The folder it serves. */
  readonly folder: string;
  /** Where it listens, on a free port. Default `"127.0.0.1"`. */
  readonly host?: string | undefined;
  /** The pickle protocol of its replies. Default: its interpreter's default. */
  readonly protocol?: number | undefined;
  /** The module that its class `Mensaje` is imported from. Default `"__main__"`: the script itself. */
  readonly module?: string | undefined;
  /** Whether its class has `__slots__`, so that a reply's state is a tuple. Default false. */
  readonly slots?: boolean | undefined;
  /** Whether {@link PythonServer.requests} is filled. Default false. */
  readonly echoRequests?: boolean | undefined;
}

/** A running old server. */
export interface PythonServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** The lines `request <operacion> <data> segments=1` that have come so far, one per request it understood. */
  requests(): readonly string[];
  /**
   * Waits until that many requests have come, and returns their lines.
   *
   * @throws Error when they have not come within `timeoutMs` (default 10 s), or the server ended
   */
  waitForRequests(count: number, timeoutMs?: number): Promise<readonly string[]>;
  /** Its log so far. */
  stderr(): string;
  /**
   * Waits until its log matches, and returns the match.
   *
   * @throws Error when it has not matched within `timeoutMs` (default 10 s), or the server ended
   */
  waitForLog(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** Kills it; resolves when it is gone. Closing twice is allowed. */
  close(): Promise<void>;
  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts the old server on a free port; resolves once it listens.
 *
 * ```ts
 * await using server = await startPythonServer({ folder: "archivos" });
 * const socket = net.connect(server.port, server.host);
 * ```
 *
 * @throws Error with its stderr when it ends, or takes 30 s, before it listens
 */
export async function startPythonServer(options: PythonServerOptions): Promise<PythonServer> {
  const { python, folder, host = "127.0.0.1", protocol, module, slots, echoRequests } = options;
  const args = ["--folder", folder, "--host", host, "--port", "0", "--until-stdin-ends"];
  if (protocol !== undefined) args.push("--protocol", String(protocol));
  if (module !== undefined) args.push("--module", module);
  if (slots) args.push("--slots");
  if (echoRequests) args.push("--echo-requests");

  const script = new Script("server", args, { python, stdin: true });
  const stdout = new Text(script.stdout);
  const { stderr } = script;
  await stdout.until(() => stdout.lines().length > 0, START_MS);
  const listening = /^listening (.+):(\d+)$/.exec(stdout.lines()[0] ?? "");
  const { pid } = script.process;
  if (!listening?.[1] || pid === undefined) {
    await script.kill();
    throw script.failure("did not listen");
  }

  const requests = (): string[] => stdout.lines().slice(1);
  const close = (): Promise<void> => script.kill();
  return {
    host: listening[1],
    port: Number(listening[2]),
    pid,
    requests,
    async waitForRequests(count, timeoutMs = WAIT_MS) {
      if (await stdout.until(() => requests().length >= count, timeoutMs)) return requests();
      throw script.failure(`got ${requests().length} of ${count} requests`);
    },
    stderr: () => stderr.text,
    async waitForLog(pattern, timeoutMs = WAIT_MS) {
      const match = (): RegExpExecArray | null => new RegExp(pattern.source, pattern.flags).exec(stderr.text);
      await stderr.until(() => match() !== null, timeoutMs);
      const matched = match();
      if (matched) return matched;
      throw script.failure(`did not log ${pattern}`);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
