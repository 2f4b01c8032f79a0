/** Which Python interpreters this machine has. */

import { spawnSync } from "node:child_process";
import { readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";

/** An interpreter that was asked for its version and answered. */
export interface Python {
  /** The executable, not a shim that stands for it. */
  readonly path: string;
  /** `"3.11.7"` */
  readonly version: string;
  /** `"3.11"`: what {@link python} looks for. */
  readonly minor: string;
  /** The pickle protocol it writes when not told otherwise: 0 in 2.7, 3 in 3.0 - 3.7, then 4, from 3.14 on 5. */
  readonly defaultProtocol: number;
  /** The highest pickle protocol it reads and writes. */
  readonly highestProtocol: number;
}

const PROBE = `
import pickle, sys
print("%d.%d.%d" % sys.version_info[:3])
print(getattr(pickle, "DEFAULT_PROTOCOL", 0))
print(pickle.HIGHEST_PROTOCOL)
print(sys.executable)
`;

function probe(command: string): Python | undefined {
  const { status, stdout } = spawnSync(command, ["-c", PROBE], { encoding: "utf8", timeout: 30_000 });
  if (status !== 0) return undefined;
  const [version, defaultProtocol, highestProtocol, path] = stdout.split(/\r?\n/);
  if (!version || !path) return undefined;
  return {
    path,
    version,
    minor: version.split(".").slice(0, 2).join("."),
    defaultProtocol: Number(defaultProtocol),
    highestProtocol: Number(highestProtocol),
  };
}

function pyenvCommands(): string[] {
  const root = process.env.PYENV_ROOT;
  if (!root) return [];
  try {
    return readdirSync(join(root, "versions")).map((name) => join(root, "versions", name, "bin", "python"));
  } catch {
    return [];
  }
}

function byVersion(a: Python, b: Python): number {
  const right = b.version.split(".").map(Number);
  for (const [i, number] of a.version.split(".").map(Number).entries()) {
    const difference = number - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

interface Found {
  readonly all: readonly Python[];
  readonly standard: Python;
}

let found: Found | undefined;

function find(): Found {
  const onPath = probe("python3");
  const all = new Map<string, Python>();
  for (const candidate of [onPath, probe("python2.7"), ...pyenvCommands().map(probe)]) {
    if (candidate === undefined) continue;
    const real = realpathSync(candidate.path);
    if (!all.has(real)) all.set(real, candidate);
  }
  const sorted = [...all.values()].sort(byVersion);
  const standard = onPath ?? sorted.findLast(({ version }) => !version.startsWith("2."));
  if (standard === undefined) {
    throw new Error(
      "No Python 3 found: these tests run Python peers, so put python3 on PATH or set PYENV_ROOT",
    );
  }
  return { all: sorted, standard };
}

/**
 * The interpreters of this machine, oldest first: `python3` and `python2.7` on PATH, and those under
 * `$PYENV_ROOT/versions`. They are looked for once per process.
 *
 * @throws Error when there is no Python 3 at all
 */
export function pythons(): readonly Python[] {
  found ??= find();
  return found.all;
}

/**
 * The newest interpreter of a minor version (`"3.8"`), undefined when this machine has none; without an argument,
 * the standard one: `python3` on PATH, else the newest Python 3 of pyenv.
 *
 * @throws Error when there is no Python 3 at all
 */
export function python(minor?: string): Python | undefined {
  found ??= find();
  return minor === undefined ? found.standard : found.all.findLast((one) => one.minor === minor);
}

/**
 * The path of the standard interpreter.
 *
 * @throws Error when there is no Python 3 at all
 */
export function defaultPython(): string {
  found ??= find();
  return found.standard.path;
}
