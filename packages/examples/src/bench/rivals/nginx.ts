// nginx, which sends files with sendfile, and curl.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Contender, Measured, Task } from "../contender.js";
import { type Daemon, type Ended, runClient, startDaemon } from "../processes.js";
import { toolPath } from "../tools.js";

/** What curl is to do with the server at an address. */
type Work = (task: Task, url: string) => Promise<Measured>;

/** One file after the other, discarded. */
export const discardWithCurl: Contender = nginx("nginx, curl -o /dev/null", async (task, url) => {
  let [seconds, bytes] = [0, 0];
  for (const name of readdirSync(task.workload.folder)) {
    const args = ["--output", "/dev/null", "--write-out", "%{size_download}", `${url}${name}`];
    const ended = await curl(task, args);
    seconds += ended.seconds;
    bytes += Number(ended.stdout);
  }
  return { seconds, bytes };
});

/** All files in one run of curl, on one connection. */
export const saveWithCurl: Contender = nginx("nginx, curl", async (task, url) => {
  return { seconds: (await curl(task, ["--config", listOfFiles(task, url)])).seconds };
});

/** All files in one run of curl, on as many connections at once as it takes by itself: 50. */
export const saveWithParallelCurl: Contender = nginx("nginx, curl --parallel", async (task, url) => {
  return { seconds: (await curl(task, ["--parallel", "--config", listOfFiles(task, url)])).seconds };
});

/** The folder as JSON: names, sizes, times. The time is that of fetching it; nothing of it is parsed. */
export const listWithCurl: Contender = nginx("nginx, curl of the JSON index", async (task, url) => {
  const index = join(task.scratch, "index.json");
  const { seconds } = await curl(task, ["--output", index, url]);
  const entries = JSON.parse(readFileSync(index, "utf8")) as { size: number }[];
  const bytes = entries.reduce((sum, { size }) => sum + size, 0);
  return { seconds, listed: { files: entries.length, bytes } };
});

function nginx(name: string, work: Work): Contender {
  return {
    name,
    needs: ["nginx", "curl"],
    async measure(task) {
      await using server = await startNginx(task);
      return await work(task, `http://127.0.0.1:${server.port}/`);
    },
  };
}

/** One worker, as each of the others has one process for a client. */
function startNginx({ workload, scratch, signal }: Task): Promise<Daemon> {
  return startDaemon((port) => {
    const config = join(scratch, "nginx.conf");
    // As root its workers would become another user, who cannot read the folder.
    const user = process.getuid?.() === 0 ? `user ${userInfo().username};` : "";
    writeFileSync(
      config,
      `${user}
daemon off;
worker_processes 1;
pid "${scratch}/nginx.pid";
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  client_body_temp_path "${scratch}/body";
  proxy_temp_path "${scratch}/proxy";
  fastcgi_temp_path "${scratch}/fastcgi";
  uwsgi_temp_path "${scratch}/uwsgi";
  scgi_temp_path "${scratch}/scgi";
  server {
    listen 127.0.0.1:${port};
    root "${workload.folder}";
    autoindex on;
    autoindex_format json;
  }
}
`,
    );
    return [toolPath("nginx"), "-p", scratch, "-e", "stderr", "-c", config];
  }, signal);
}

/** Without the user's own configuration, and failing where the server says that it failed. */
function curl({ signal }: Task, args: readonly string[]): Promise<Ended> {
  return runClient(toolPath("curl"), ["--disable", "--silent", "--show-error", "--fail", ...args], signal);
}

/** A configuration of curl with the address of each file and where to save it. */
function listOfFiles({ workload, into, scratch }: Task, url: string): string {
  const path = join(scratch, "files.curl");
  const lines = readdirSync(workload.folder).map((name) => {
    return `url = "${url}${name}"\noutput = "${join(into, name)}"\n`;
  });
  writeFileSync(path, lines.join(""));
  return path;
}
