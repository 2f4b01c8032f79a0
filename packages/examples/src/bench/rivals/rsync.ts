// rsync, from a daemon of its own: not encrypted, not compressed.

import { writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Contender, Task } from "../contender.js";
import { type Daemon, runClient, startDaemon } from "../processes.js";
import { toolPath } from "../tools.js";

/** The whole folder, with the times of its files: by those and by the sizes a later run finds what has changed. */
export const syncWithRsync: Contender = {
  name: "rsync daemon",
  needs: ["rsync"],
  async measure(task) {
    await using server = await startRsync(task);
    const from = `rsync://127.0.0.1:${server.port}/files/`;
    const args = ["--recursive", "--times", from, `${task.into}/`];
    return { seconds: (await runClient(toolPath("rsync"), args, task.signal)).seconds };
  },
};

function startRsync({ workload, scratch, signal }: Task): Promise<Daemon> {
  return startDaemon((port) => {
    const config = join(scratch, "rsyncd.conf");
    const { uid, gid } = userInfo();
    // Started by root it would become another user, who cannot read the folder.
    const user = uid === 0 ? `uid = ${uid}\ngid = ${gid}` : "";
    writeFileSync(
      config,
      `pid file = ${scratch}/rsyncd.pid
log file = ${scratch}/rsyncd.log
lock file = ${scratch}/rsyncd.lock
reverse lookup = no
use chroot = no
${user}
[files]
path = ${workload.folder}
read only = yes
transfer logging = no
`,
    );
    const args = ["--daemon", "--no-detach", `--config=${config}`, "--address=127.0.0.1", `--port=${port}`];
    return [toolPath("rsync"), ...args];
  }, signal);
}
