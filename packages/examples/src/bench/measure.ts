// One measurement: a server and a client, each a fresh process, and a comparison of what arrived.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { defaultPython, peakRssKib } from "@fileshare/peers";
import { commandPath, type RunningServer, startServer } from "../support/commands.js";
import { sameContent } from "../support/same-content.js";
import type { Workload } from "./workload.js";

type Side = "ours" | "Python";

/** Who talks to whom, about what. */
export interface Setup {
  readonly workload: Workload;
  readonly server: Side;
  readonly client: Side;
  /** Whether the client saves what arrives, or discards it. */
  readonly saved: boolean;
}

/** What a client says of its work. */
export interface ClientReport {
  /** From before it connects to after the last file is there. Its start as a process does not count. */
  readonly seconds: number;
  readonly files: number;
  readonly bytes: number;
  /** The most memory that it held. */
  readonly peakKib: number | null;
}

/** What a measurement has shown. Memory is null where the system does not tell. */
export interface Measured {
  readonly seconds: number;
  readonly serverPeakKib: number | null;
  readonly clientPeakKib: number | null;
}

const examples = import.meta.resolve("@fileshare/examples/package.json");
const ourClient = fileURLToPath(new URL("dist/bench/client.js", examples));
const pythonClient = fileURLToPath(new URL("python/bench_client.py", examples));
const pythonPeers = fileURLToPath(new URL("../python", import.meta.resolve("@fileshare/peers")));

/**
 * Downloads all files of a workload once.
 *
 * @param downloads a folder that does not exist; it is made, and removed
 * @throws Error when a process fails, or what arrived is not what was served
 */
export async function measure(setup: Setup, downloads: string): Promise<Measured> {
  const { workload, saved } = setup;
  if (saved) await mkdir(downloads);
  const server = await start(setup.server, workload.folder);
  try {
    const report = await download(setup.client, server.port, saved ? downloads : undefined);
    const serverPeakKib = peakRssKib(server.process.pid ?? 0) ?? null;
    if (report.files !== workload.files || report.bytes !== workload.files * workload.fileBytes) {
      throw new Error(`${report.bytes} bytes came in ${report.files} files`);
    }
    if (saved) await compare(workload, downloads);
    return { seconds: report.seconds, serverPeakKib, clientPeakKib: report.peakKib };
  } finally {
    await server.stop();
    await rm(downloads, { recursive: true, force: true });
  }
}

function start(side: Side, folder: string): Promise<RunningServer> {
  const where = ["--host", "127.0.0.1", "--port", "0"];
  if (side === "ours") {
    const command = commandPath("fileshare-server", "@fileshare/server");
    return startServer(process.execPath, [command, folder, ...where, "--log-level", "warn"]);
  }
  const command = join(pythonPeers, "server.py");
  const args = [command, "--folder", folder, ...where, "--until-stdin-ends"];
  return startServer(defaultPython(), args, "ignore");
}

async function download(side: Side, port: string, folder: string | undefined): Promise<ClientReport> {
  const [command, ...args] =
    side === "ours" ? [process.execPath, ourClient] : [defaultPython(), pythonClient, pythonPeers];
  args.push("127.0.0.1", port, ...(folder === undefined ? [] : [folder]));
  const client = spawn(command, args, {
    stdio: ["ignore", "pipe", "inherit"],
    // No __pycache__ beside the peers.
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
  });
  const [output, [code, signal]] = await Promise.all([text(client.stdout), once(client, "close")]);
  if (code !== 0) throw new Error(`The client (${side}) exited with ${code ?? signal}`);
  return JSON.parse(output) as ClientReport;
}

async function compare(workload: Workload, downloads: string): Promise<void> {
  const names = await readdir(downloads);
  if (names.length !== workload.files) throw new Error(`${names.length} files were saved`);
  for (const name of names) {
    if (!sameContent(join(workload.folder, name), join(downloads, name))) {
      throw new Error(`${name} differs from its original`);
    }
  }
}
