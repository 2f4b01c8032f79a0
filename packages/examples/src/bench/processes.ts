// Processes of the benchmark: clients that are timed from their start to their end, servers that run until they are
// stopped.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, connect as openSocket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

/** How long a server may take until it can be reached. */
const START_MS = 30_000;
/** How long it may take to end when it is asked to. */
const STOP_MS = 10_000;

/** A process that has ended well. */
export interface Ended {
  /** From just before its start to its end. */
  readonly seconds: number;
  readonly stdout: string;
}

/**
 * Runs a client to its end.
 *
 * @throws Error when it fails, with what it wrote to stderr; the signal's reason when that aborts
 */
export async function runClient(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<Ended> {
  signal.throwIfAborted();
  const started = performance.now();
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: clientEnvironment() });
  const kill = (): boolean => child.kill("SIGKILL");
  signal.addEventListener("abort", kill);
  try {
    const ended = once(child, "exit").then((how) => ({ how, at: performance.now() }));
    const [{ how, at }, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    signal.throwIfAborted();
    const [code, killedBy] = how;
    if (code !== 0) throw new Error(`${command} exited with ${code ?? killedBy}\n${stderr}`);
    return { seconds: (at - started) / 1000, stdout };
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

/** Without what would have curl ask a proxy for a file of this machine, or leave a __pycache__ beside the peers. */
function clientEnvironment(): NodeJS.ProcessEnv {
  const environment = Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name));
  return { ...Object.fromEntries(environment), PYTHONDONTWRITEBYTECODE: "1" };
}

/** A server that listens on the loopback address. */
export interface Daemon extends AsyncDisposable {
  readonly port: number;
}

/**
 * Starts a server that is told its port, and waits until it can be reached.
 *
 * @param command what starts it on that port, in the foreground
 * @param ready what it writes when it can be reached. Default: that is found out by connecting to it
 * @throws Error when it ends or cannot be reached, with what it wrote
 */
export async function startDaemon(
  command: (port: number) => readonly [string, ...string[]],
  signal: AbortSignal,
  ready?: RegExp,
): Promise<Daemon> {
  const port = await freePort();
  const [program, ...args] = command(port);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const closed = once(child, "close");
  closed.catch(() => {});
  let written = "";
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding("utf8");
    // It goes on being read, or the server would wait; what is kept of it is for an error at the start.
    output.on("data", (piece: string) => {
      if (written.length < 10_000) written += piece;
    });
  }
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await closed;
    clearTimeout(late);
  };
  const deadline = performance.now() + START_MS;
  const isReady = async (): Promise<boolean> => ready?.test(written) ?? isListening(port);
  while (!(await isReady())) {
    const over = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
    if (!over && performance.now() < deadline && !signal.aborted) {
      await sleep(5);
      continue;
    }
    if (!over) await stop();
    signal.throwIfAborted();
    throw new Error(`${program} cannot be reached\n${written}`);
  }
  return { port, [Symbol.asyncDispose]: stop };
}

/** A port that nobody listened on just now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("The system gave no port");
  return address.port;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = openSocket(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
