// A page that shows what is in a pickle, all of it in the browser: served on this machine alone.
//
//   npm run page [PORT]
//
// The page is one file, dist/web/index.html: it can be opened without a server as well, or put on any.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const [port = "8080"] = process.argv.slice(2);
const page = await readFile(new URL("web/index.html", import.meta.url));

const server = createServer((request, response) => {
  const isPage = request.url === "/" || request.url === "/index.html";
  if (!isPage || (request.method !== "GET" && request.method !== "HEAD")) {
    response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
    return;
  }
  response.writeHead(200, {
    "content-type": "text/html; charset=utf-8",
    "content-length": page.length,
    "x-content-type-options": "nosniff",
    // What the page itself cannot say of itself; the rest of its policy stands in it.
    "content-security-policy": "frame-ancestors 'none'",
  });
  response.end(page);
});

server.on("error", (error) => {
  console.error(`cannot listen on port ${port}: ${error.message}`);
  process.exitCode = 1;
});
server.listen(Number(port), "127.0.0.1", () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}/`);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}
