// A way to a server on which, from some moment on, packets are just lost: nothing more passes, and nobody is told.

import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { host } from "./served.js";
import { tcpServer } from "./tcp-server.js";

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
  let links: (() => void)[] = [];
  let frozen = false;
  let bytes = 0;
  const upstreams: Socket[] = [];
  onTestFinished(() => {
    for (const upstream of upstreams) upstream.destroy();
  });
  const { port, sockets } = await tcpServer((client) => {
    if (frozen) return;
    const upstream = connect({ host, port: target.port });
    upstream.on("error", () => {});
    upstreams.push(upstream);
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
  return {
    port,
    freeze({ all = false } = {}) {
      for (const freeze of links) freeze();
      links = [];
      frozen = all;
    },
    thaw() {
      frozen = false;
    },
    connections: () => sockets.length,
  };
}
