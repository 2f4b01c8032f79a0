// A port at which connecting takes for ever: something listens there, and its queue of connections is full.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { defaultPython } from "@fileshare/peers";
import { onTestFinished } from "vitest";
import { host } from "./served.js";

const script = `
import socket, sys
listener = socket.socket()
listener.bind(("${host}", 0))
listener.listen(0)
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
`;

/** Gives the port. Node accepts whatever comes, so Python listens. */
export async function deafListener(): Promise<number> {
  const child = spawn(defaultPython(), ["-c", script], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await once(child, "close");
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line.toString());
  // The one connection that its queue takes.
  const first = connect(port, host);
  onTestFinished(() => void first.destroy());
  await once(first, "connect");
  return port;
}
