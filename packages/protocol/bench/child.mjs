// The parent's end of a contender: each is a process of its own, so that none pays for another's garbage or shares what
// its engine has learnt, and each times its own loop.
//
// A request is a line of JSON with a command, the reply is a line with its value or an error:
//
//   prepare { row, sizes, path }  gets everything ready for a row, with the encoded bytes at the path; whether it can do it
//   write { path }                does the row once and writes the bytes to a file
//   check {}                      does the row once; an error when the result is wrong
//   time { loops }                does the row that many times; how many nanoseconds all of them took

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const workers = {
  mjs: fileURLToPath(new URL("./worker.mjs", import.meta.url)),
  py: fileURLToPath(new URL("./worker.py", import.meta.url)),
};

/** Starts a contender. `python` is the interpreter to use for CPython. */
export function startChild(contender, python) {
  const [command, ...args] =
    contender === "CPython" ? [python, workers.py] : [process.execPath, workers.mjs, contender];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => {}); // The replies tell that it is gone.
  const failed = new Promise((_, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => reject(new Error(`${contender} ended with ${code ?? signal}`)));
  });
  failed.catch(() => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  return {
    contender,
    async ask(command, request = {}) {
      child.stdin.write(`${JSON.stringify({ command, ...request })}\n`);
      const line = await Promise.race([lines.next(), failed]);
      if (line.done) return failed;
      const { value, error } = JSON.parse(line.value);
      if (error) throw new Error(`${contender} could not ${command} ${JSON.stringify(request)}: ${error}`);
      return value;
    },
    async stop() {
      child.kill("SIGKILL");
      await failed.catch(() => {});
    },
  };
}
