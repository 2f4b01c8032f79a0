import { spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { at, cli, fileshare, servedTree, start } from "./cli-run.js";
import { folder } from "./served.js";

const has = (shell: string): boolean => !spawnSync(shell, ["-c", "exit 0"]).error;

async function scriptFor(shell: string): Promise<string> {
  const { code, stdout, stderr } = await fileshare(["completion", shell]).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

const commands = ["ls", "get", "sync", "completion"];
const flags = [
  "--server",
  "--output",
  "--limit-rate",
  "--no-resume",
  "--include",
  "--dry-run",
  "--recursive",
];

describe("fileshare completion", () => {
  it.each(["bash", "zsh", "fish"])("names all commands and flags in the script for %s", async (shell) => {
    const script = await scriptFor(shell);
    for (const command of commands) expect(script).toContain(command);
    for (const flag of flags) expect(script).toContain(shell === "fish" ? `-l ${flag.slice(2)}` : flag);
  });

  it.each(["zsh", "fish"])("is a script that %s takes", async (shell) => {
    if (!has(shell)) return;
    const script = join(await folder(), "script");
    await writeFile(script, await scriptFor(shell));
    const check = await start(shell, ["-n", script]);
    expect(await check.ended).toMatchObject({ code: 0, stderr: "" });
  });
});

describe.skipIf(!has("bash"))(
  `fileshare completion bash${has("bash") ? "" : " (skipped: no bash here)"}`,
  () => {
    /** What bash would offer for the last of the words. */
    async function complete(words: readonly string[], cwd?: string): Promise<string[]> {
      const program = `
      set -u
      fileshare() { "${process.execPath}" "${cli}" "$@"; }
      source <(fileshare completion bash) || exit 9
      complete -p fileshare > /dev/null || exit 8
      COMP_LINE="$*" COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_POINT=\${#COMP_LINE}
      _fileshare
      printf '%s\\n' \${COMPREPLY[@]+"\${COMPREPLY[@]}"}`;
      const run = await start("bash", ["-c", program, "bash", ...words], cwd === undefined ? {} : { cwd })
        .ended;
      expect(run).toMatchObject({ code: 0, stderr: "" });
      return run.stdout
        .split("\n")
        .filter((line) => line !== "")
        .sort();
    }

    it("completes commands, flags and shells", async () => {
      expect(await complete(["fileshare", "s"])).toEqual(["sync"]);
      expect(await complete(["fileshare", "get", "--li"])).toEqual(["--limit-rate"]);
      expect(await complete(["fileshare", "sync", "--dry"])).toEqual(["--dry-run"]);
      expect(await complete(["fileshare", "ls", "--dry"])).toEqual([]);
      expect(await complete(["fileshare", "completion", ""])).toEqual(["bash", "fish", "zsh"]);
      expect(await complete(["fileshare", "get", "--retries", ""])).toEqual([]);
    });

    it("completes the names of the server's files", async () => {
      const server = await servedTree({
        "notas.txt": "",
        "año 文件.txt": "",
        "fotos/a b.jpg": "",
        "fotos/c.jpg": "",
      });
      const get = ["fileshare", "get", "-s", at(server)];
      expect(await complete([...get, "not"])).toEqual(["notas.txt"]);
      expect(await complete([...get, "fotos/"])).toEqual(["fotos/a b.jpg", "fotos/c.jpg"]);
      expect(await complete([...get, "fotos/a\\ "])).toEqual(["fotos/a b.jpg"]);
      expect(await complete([...get, '"fotos/a '])).toEqual(["fotos/a b.jpg"]);
      expect(await complete([...get, "año"])).toEqual(["año 文件.txt"]);
    });

    it("completes folders, and offers nothing where no server answers", async () => {
      const path = await folder();
      await mkdir(join(path, "carpeta"));
      expect(await complete(["fileshare", "get", "-o", "car"], path)).toEqual(["carpeta"]);
      expect(await complete(["fileshare", "sync", "car"], path)).toEqual(["carpeta"]);
      expect(await complete(["fileshare", "get", "-s", "127.0.0.1:1", "x"])).toEqual([]);
    });
  },
);
