/** Runs python/client.py and python/legacy_client.py: the old clients. */

import { Script, Text } from "./child.ts";
import type { Python } from "./pythons.ts";

/** One run of an old client. */
export interface PythonClientOptions {
  /** The interpreter, or its path. Default: {@link defaultPython}. */
  readonly python?: Python | string | undefined;
  /** Which client. Default `"client"`; `"legacy_client"` also runs under Python 2.7. */
  readonly script?: "client" | "legacy_client" | undefined;
  /** Options, then HOST PORT, then a command: `list`, `get NAME...`, `raw OPERACION JSONDATA` (client only). */
  readonly args: readonly string[];
  /** Where it runs: without `--folder`, `get` saves under `descargas` there. Default: this process's folder. */
  readonly cwd?: string | undefined;
  /** After so long it is killed, which rejects. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

/** What became of a client. */
export interface PythonClientResult {
  readonly stdout: string;
  readonly stderr: string;
  /** 0 done, 1 Python raised, 2 usage, 3 no reply in time, 4 closed by the server; null: ended by a signal. */
  readonly code: number | null;
  /** The most memory it held, in KiB, by its own account at its end; undefined outside Linux. */
  readonly peakRssKib: number | undefined;
}

/**
 * Runs an old client to its end, whatever its exit code.
 *
 * ```ts
 * const { stdout } = await runPythonClient({ args: [server.host, String(server.port), "list"] });
 * const names: unknown = JSON.parse(stdout);
 * ```
 *
 * @throws Error with its stderr when it is not done after `timeoutMs`, or cannot be started
 */
export async function runPythonClient(options: PythonClientOptions): Promise<PythonClientResult> {
  const { python, script: name = "client", args, cwd, timeoutMs = 30_000 } = options;
  const script = new Script(name, args, { python, cwd, stdin: false });
  const stdout = new Text(script.stdout);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void script.kill();
  }, timeoutMs);
  const { code, signal } = await script.ended;
  clearTimeout(timer);
  if (late) throw script.failure(`was not done after ${timeoutMs} ms`);
  if (code === null && signal === null) throw script.failure("could not be started");
  const peak = script.peak.text;
  return {
    stdout: stdout.text,
    stderr: script.stderr.text,
    code,
    peakRssKib: peak === "" ? undefined : Number(peak),
  };
}
