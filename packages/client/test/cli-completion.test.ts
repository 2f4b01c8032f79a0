import { spawnSync } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { at, cli, fileshare, hasTerminal, servedTree, start, terminalNote } from "./cli-run.js";
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
});

const missing = (shell: string): string => (has(shell) ? "" : ` (skipped: no ${shell} here)`);

/** What each shell is to complete, given the server's address. */
const typed: readonly (readonly [words: string, completed: string])[] = [
  ["fileshare s", "sync"],
  ["fileshare get --li", "--limit-rate"],
  ["fileshare get -s ADDRESS not", "notas.txt"],
  ["fileshare -s ADDRESS get otra.txt not", "notas.txt"],
];

describe.skipIf(!has("fish"))(`fileshare completion fish${missing("fish")}`, () => {
  it.each(typed)("completes %s to %s", async (words, completed) => {
    const server = await servedTree({ "notas.txt": "", "otra.txt": "" });
    const program = `
      function fileshare; "${process.execPath}" "${cli}" $argv; end
      fileshare completion fish | source
      complete -C $argv[1]`;
    const args = ["--no-config", "-c", program, words.replace("ADDRESS", at(server))];
    const { code, stdout, stderr } = await start("fish", args).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.split("\n").map((line) => line.split("\t")[0])).toEqual([completed, ""]);
  });
});

describe.skipIf(!has("zsh"))(`fileshare completion zsh${missing("zsh")}`, () => {
  it.each(typed)("completes %s to %s", async (words, completed) => {
    const server = await servedTree({ "notas.txt": "", "otra.txt": "" });
    // A shell at a terminal of its own, where Tab is pressed: zsh completes nowhere else.
    const program = `
      zmodload zsh/zpty
      zpty shell zsh -f -i
      zpty -w shell '
        fileshare() { "${process.execPath}" "${cli}" "$@" }
        autoload -U compinit; compinit -u -D; source <(fileshare completion zsh)
        tell() { print -r -- "<$BUFFER>" }; zle -N tell; bindkey "^I" complete-word "^X" tell
        print MADE""READY'
      zpty -r shell seen '*MADEREADY*'
      zpty -w -n shell "$1"$'\\t\\x18'
      zpty -r shell seen '*<*>*' && print -r -- "\${\${seen##*<}%%>*}"
      zpty -d shell`;
    const line = words.replace("ADDRESS", at(server));
    const run = await start("zsh", ["-f", "-c", program, "zsh", line]).ended;
    expect(run).toMatchObject({ code: 0, stdout: `${line.slice(0, line.lastIndexOf(" "))} ${completed} \n` });
  });
});

describe.skipIf(!has("bash"))(`fileshare completion bash${missing("bash")}`, () => {
  /** What bash would offer for the last of the words. */
  async function complete(words: readonly string[]): Promise<string[]> {
    const replaced = words.at(-1)?.replace(/^["']/, "") ?? "";
    const program = `
      set -u
      replaced=$1; shift
      fileshare() { "${process.execPath}" "${cli}" "$@"; }
      source <(fileshare completion bash) || exit 9
      complete -p fileshare > /dev/null || exit 8
      COMP_LINE="$*" COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_POINT=\${#COMP_LINE}
      _fileshare fileshare "$replaced" fileshare
      printf '%s\\n' \${COMPREPLY[@]+"\${COMPREPLY[@]}"}`;
    const run = await start("bash", ["-c", program, "bash", replaced, ...words]).ended;
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
    expect(await complete([...get, "fotos/"])).toEqual(["fotos/a\\ b.jpg", "fotos/c.jpg"]);
    expect(await complete([...get, "fotos/a\\ "])).toEqual(["fotos/a\\ b.jpg"]);
    expect(await complete([...get, '"fotos/a '])).toEqual(["fotos/a b.jpg"]);
    expect(await complete([...get, "año"])).toEqual(["año\\ 文件.txt"]);
  });

  it("offers nothing where no server answers", async () => {
    expect(await complete(["fileshare", "get", "-s", "127.0.0.1:1", "x"])).toEqual([]);
  });

  describe.skipIf(!hasTerminal)(`at a terminal${terminalNote}`, () => {
    /** What the command gets where such lines are typed, each with Tab and Enter behind it. */
    async function typing(lines: readonly string[], cwd: string): Promise<string[][]> {
      const run = start("script", ["-qec", "bash --norc --noprofile -i", "/dev/null"], {
        cwd,
        env: { ...process.env, TERM: "dumb", LC_ALL: "C.UTF-8" },
      });
      const program = [
        `fileshare() { if [[ $1 == ls ]]; then "${process.execPath}" "${cli}" "$@"; else printf 'ARG''<%s>END' "$@"; echo; echo "DO""NE $((n += 1))"; fi; }`,
        `source <("${process.execPath}" "${cli}" completion bash)`,
        'bind \'set bell-style none\'; PS1=; echo "DO""NE $((n = 0))"',
      ];
      run.child.stdin.write(`${program.join("; ")}\n`);
      const got: string[][] = [];
      await run.waitFor("DONE 0");
      for (const line of lines) {
        const before = run.stdout().length;
        run.child.stdin.write(`${line}\t\n`);
        await run.waitFor(`DONE ${got.length + 1}`);
        const args = run
          .stdout()
          .slice(before)
          .matchAll(/ARG<([\s\S]*?)>END/g);
        got.push([...args].map(([, arg]) => arg as string));
      }
      run.child.stdin.write("exit\n");
      await run.ended;
      return got;
    }

    const names = [
      "a`touch hecho`.txt",
      "b$HOME;touch hecho&.txt",
      "c(1) $(touch hecho) 'y' \"z\" \\ !!.txt",
      "d'",
      'e"',
      "'f",
      '"g',
      "ñandú 文件.txt",
      "hora 10:30.txt",
    ];

    it("writes the server's names so that bash takes them for nothing else, behind open quotes too", async () => {
      const cwd = await folder();
      const server = await servedTree(Object.fromEntries(names.map((name) => [name, ""])));
      const get = ["get", "-s", at(server)];
      const typed: [word: string, name: string][] = [
        ["\\'", "'f"],
        ["'\"", '"g'],
        ["\"'", "'f"],
        ["hora\\ 10:", "hora 10:30.txt"],
        ['ho"ra 1', "hora 10:30.txt"],
      ];
      for (const name of names.filter((name) => !/^['"]/.test(name))) {
        for (const quote of ["", "'", '"']) typed.push([quote + name[0], name]);
      }
      const lines = typed.map(([word]) => ["fileshare", ...get, word].join(" "));
      expect(await typing(lines, cwd)).toEqual(typed.map(([, name]) => [...get, name]));
      expect(await readdir(cwd)).toEqual([]);
    });

    it("does not offer names that would be options, or hold what a terminal would obey", async () => {
      const cwd = await folder();
      const server = await servedTree({ "--output=x": "", "x\u001b[2J": "" });
      const get = ["get", "-s", at(server)];
      const lines = [`fileshare ${get.join(" ")} `, `fileshare ${get.join(" ")} x`];
      expect(await typing(lines, cwd)).toEqual([get, [...get, "x"]]);
    });

    it("completes folders, with spaces too", async () => {
      const cwd = await folder();
      await mkdir(join(cwd, "mi carpeta`touch hecho`", "otra carpeta"), { recursive: true });
      const first = "mi carpeta`touch hecho`/";
      const typed: [line: string, args: string[]][] = [
        ["fileshare sync mi", ["sync", first]],
        ["fileshare sync 'mi", ["sync", first]],
        ["fileshare get -o mi\\ ", ["get", "-o", first]],
        ["fileshare get --output=mi\\ ", ["get", `--output=${first}`]],
        ["fileshare get -o 'mi carpeta`touch hecho`/o", ["get", "-o", `${first}otra carpeta/`]],
      ];
      const lines = typed.map(([line]) => line);
      expect(await typing(lines, cwd)).toEqual(typed.map(([, args]) => args));
      expect(await readdir(cwd)).toEqual(["mi carpeta`touch hecho`"]);
    });
  });
});
