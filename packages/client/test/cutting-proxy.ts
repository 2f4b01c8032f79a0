// A way to a server that breaks off: each connection when so many bytes have come back over it.

import { connect } from "node:net";
import { host } from "./served.js";
import { type TcpServer, tcpServer } from "./tcp-server.js";

/** @param limits of the first connection, of the second, and so on; those that follow are not cut */
export function cuttingProxy(
  target: { readonly port: number },
  limits: readonly number[],
): Promise<TcpServer> {
  let count = 0;
  return tcpServer((client) => {
    let left = limits[count] ?? Number.POSITIVE_INFINITY;
    count += 1;
    const upstream = connect({ host, port: target.port });
    const end = (): void => {
      upstream.destroy();
      client.destroy();
    };
    client.pipe(upstream);
    client.once("close", end);
    upstream.once("error", end).once("close", end);
    upstream.on("data", (chunk: Uint8Array) => {
      client.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) client.end(end);
    });
  });
}
