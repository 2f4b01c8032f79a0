// A TCP server of a test's own, which speaks whatever the test makes of it. All is closed when the test is finished.

import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { host } from "./served.js";

export interface TcpServer {
  readonly port: number;
  /** The connections so far, in the order in which they came. */
  readonly sockets: readonly Socket[];
}

/** Listens on a free port. */
export async function tcpServer(onSocket: (socket: Socket) => void): Promise<TcpServer> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    // The client may be gone before it has its reply.
    socket.on("error", () => {});
    onSocket(socket);
  });
  server.listen(0, host);
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return { port: (server.address() as { port: number }).port, sockets };
}
