// sftp from an OpenSSH server: the only one here that encrypts. It refuses an account that is locked (`!` in
// /etc/shadow): where the current user's is, `--only` leaves it out.

import { copyFileSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Contender, Task } from "../contender.js";
import { type Daemon, runClient, startDaemon } from "../processes.js";
import { toolPath } from "../tools.js";

/** The folder that a server started by root wants; the system's own service makes it when it starts. */
const PRIVILEGE_SEPARATION = "/run/sshd";

/** The whole folder. */
export const saveWithSftp: Contender = {
  name: "sftp",
  needs: ["sshd", "sftp", "ssh-keygen"],
  async measure(task) {
    using _ = privilegeSeparation();
    const key = await makeKeys(task);
    await using server = await startSshd(task);
    const options = {
      IdentityFile: key,
      IdentitiesOnly: "yes",
      BatchMode: "yes",
      StrictHostKeyChecking: "no",
      UserKnownHostsFile: join(task.scratch, "known_hosts"),
      Compression: "no",
      // The faster of the two that both sides would agree upon, where the processor knows AES.
      Ciphers: "aes128-gcm@openssh.com",
    };
    const from = `${userInfo().username}@127.0.0.1:${task.workload.folder}/.`;
    const args = ["-q", "-r", "-F", "none", "-P", String(server.port)];
    for (const [name, value] of Object.entries(options)) args.push("-o", `${name}=${value}`);
    args.push(from, task.into);
    return { seconds: (await runClient(toolPath("sftp"), args, task.signal)).seconds };
  },
};

/** Makes a key for the server and one for the user. Gives the path of the user's. */
async function makeKeys({ scratch, signal }: Task): Promise<string> {
  const [host, user] = [join(scratch, "host"), join(scratch, "user")];
  for (const key of [host, user]) {
    await runClient(toolPath("ssh-keygen"), ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], signal);
  }
  copyFileSync(`${user}.pub`, join(scratch, "authorized_keys"));
  return user;
}

function startSshd({ scratch, signal }: Task): Promise<Daemon> {
  return startDaemon((port) => {
    const config = join(scratch, "sshd_config");
    writeFileSync(
      config,
      `Port ${port}
ListenAddress 127.0.0.1
HostKey "${scratch}/host"
PidFile none
AuthorizedKeysFile "${scratch}/authorized_keys"
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
Compression no
LogLevel ERROR
Subsystem sftp internal-sftp
`,
    );
    return [toolPath("sshd"), "-D", "-e", "-f", config];
  }, signal);
}

/** Makes the folder where root needs it and it is not there, and removes it at the end. */
function privilegeSeparation(): Disposable {
  const nothing = { [Symbol.dispose]: () => {} };
  if (process.getuid?.() !== 0) return nothing;
  try {
    mkdirSync(PRIVILEGE_SEPARATION, { mode: 0o755 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return nothing;
    throw error;
  }
  return { [Symbol.dispose]: () => rmdirSync(PRIVILEGE_SEPARATION) };
}
