// A way to a server on which, from some moment on, packets are just lost: nothing more passes, and nobody is told.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { host } from "./served.js";

export interface FreezingProxy {
  readonly port: number;
  /** Lets nothing pass any more on the connections that there are; nor, with `all`, on those to come. */
  freeze(options?: { readonly all?: boolean }): void;
  /** Lets pass what comes over connections to come. */
  thaw(): void;
  /** How many connections have come. */
  connections(): number;
}

/** @param onReply is told how many bytes the server has sent so far, over all connections, before they pass */
export async function freezingProxy(
  target: { readonly port: number },
  onReply: (bytes: number) => void = () => {},
): Promise<FreezingProxy> {
  const sockets = new Set<Socket>();
  let links: (() => void)[] = [];
  let frozen = false;
  let connections = 0;
  let bytes = 0;
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    track(client);
    connections += 1;
    if (frozen) return;
    const upstream = connect({ host, port: target.port });
    track(upstream);
    let passes = true;
    links.push(() => {
      passes = false;
    });
    client.on("data", (chunk) => passes && upstream.write(chunk));
    upstream.on("data", (chunk) => {
      bytes += chunk.length;
      onReply(bytes);
      if (passes) client.write(chunk);
    });
    client.once("close", () => passes && upstream.destroy());
    upstream.once("close", () => passes && client.destroy());
  });
  server.listen(0, host);
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return {
    port: (server.address() as { port: number }).port,
    freeze({ all = false } = {}) {
      for (const freeze of links) freeze();
      links = [];
      frozen = all;
    },
    thaw() {
      frozen = false;
    },
    connections: () => connections,
  };
}
