import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  at,
  atTerminal,
  hasTerminal,
  hideCursor,
  MiB,
  type Run,
  servedTree,
  showCursor,
  terminalNote,
} from "./cli-run.js";
import { expectFile, folder, noise } from "./served.js";

const ESC = "\u001b";

/** What the terminal was told, without what moves the cursor or colours. */
function plain(stdout: string): string {
  return stdout
    .split(ESC)
    .map((part, i) => (i === 0 ? part : part.replace(/^\[[?\d;]*[A-Za-z]/, "")))
    .join("");
}

/** The frames of bars: what was drawn between one moving of the cursor and the next. */
function frames(stdout: string): string[][] {
  return stdout
    .split(`${ESC}[?2026h`)
    .slice(1)
    .map((frame) =>
      plain(frame.split(`${ESC}[?2026l`)[0] ?? "")
        .split("\r\n")
        .filter((line) => line !== ""),
    )
    .filter((lines) => lines.length > 0);
}

function expectTerminalBack(stdout: string): void {
  expect(stdout).toContain(hideCursor);
  expect(stdout.lastIndexOf(showCursor)).toBeGreaterThan(stdout.lastIndexOf(hideCursor));
}

/** Types keys one after the other, each when the screen shows what it is for. */
async function type(
  run: Run,
  steps: readonly (readonly [shown: string | RegExp, keys: string])[],
): Promise<void> {
  let from = 0;
  for (const [shown, keys] of steps) {
    while (plain(run.stdout().slice(from)).search(shown) < 0) await once(run.child.stdout, "data");
    from = run.stdout().length;
    run.child.stdin.write(keys);
  }
}

describe.skipIf(!hasTerminal)(`fileshare get, at a terminal${terminalNote}`, () => {
  it("draws a bar for each file under way and one for all, with rate and time left, as many as there is room for", async () => {
    const files = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`f${i}.bin`, noise(2 * MiB)]));
    const server = await servedTree(files);
    const into = await folder();
    const args = ["get", "*.bin", "--limit-rate", "6M", "-s", at(server), "-o", into];
    const { code, stdout } = await atTerminal(args, { rows: 5, columns: 90 }).ended;
    expect(code).toBe(0);
    const drawn = frames(stdout);
    const whole = drawn.find((lines) => lines.length === 4) ?? [];
    expect(whole.at(-1)).toMatch(/^\d of 6 files +\[[=-]+\] +\d+% .+ of 12\.6 MB/);
    for (const line of whole.slice(0, -1)) expect(line).toMatch(/^f\d\.bin +\[[=-]+\] +\d+% .+ of 2\.10 MB$/);
    for (const line of drawn.flat()) expect(line.length).toBeLessThan(90);
    expect(Math.max(...drawn.map((lines) => lines.length))).toBe(4);
    expect(plain(stdout)).toMatch(/of 12\.6 MB, \d+(\.\d+)? MB\/s, \d:\d\d left/);
    expect(plain(stdout)).toMatch(/6 files downloaded; 12\.6 MB received in \d\.\d s, .+ MB\/s\r\n$/);
    for (const name of Object.keys(files))
      expect(stdout).toContain(`${name}: 2.10 MB -> ${join(into, name)}\r\n`);
    expectTerminalBack(stdout);
  });

  it("gives the terminal back on Ctrl-C, and tells when it goes on with the rest", async () => {
    const content = noise(40 * MiB);
    const server = await servedTree({ "grande.bin": content });
    const into = await folder();
    const args = ["get", "grande.bin", "-s", at(server), "-o", into];
    const run = atTerminal([...args, "--limit-rate", "12M"]);
    await run.waitFor(/\[=+-*\] +[4-9]\d%/);
    run.child.stdin.write("\u0003");
    const { code, stdout } = await run.ended;
    expect(code).toBe(130);
    expect(stdout).toContain("fileshare: Interrupted\r\n");
    expect(stdout).toContain("run the same command again to go on from there.\r\n");
    expectTerminalBack(stdout);
    const again = await atTerminal(args).ended;
    expect(plain(again.stdout)).toMatch(/grande\.bin: going on after \d+(\.\d+)? MB\r\n/);
    await expectFile(join(into, "grande.bin"), content);
  });

  it("writes no colours", async () => {
    const server = await servedTree({ a: "alfa" });
    const into = await folder();
    for (const args of [["get", "a", "-o", into], ["ls"], ["sync", into]]) {
      const { stdout } = await atTerminal([...args, "-s", at(server)]).ended;
      expect(stdout.split(ESC).filter((part) => /^\[[\d;]*m/.test(part))).toEqual([]);
    }
  });
});

describe.skipIf(!hasTerminal)(`fileshare ls, at a terminal${terminalNote}`, () => {
  it("prints sizes and dates in columns", async () => {
    const server = await servedTree({ "a.txt": "alfa", "grande.bin": noise(2 * MiB) });
    const { stdout } = await atTerminal(["ls", "-s", at(server)]).ended;
    expect(stdout.replace(/\d{4}-\d\d-\d\d \d\d:\d\d/g, "DATE")).toBe(
      "    4 B  DATE  a.txt\r\n2.10 MB  DATE  grande.bin\r\n",
    );
  });
});

describe.skipIf(!hasTerminal)(`fileshare alone, at a terminal${terminalNote}`, () => {
  const tree = { "fotos/a.jpg": "alfa", "fotos/b.jpg": "beta", "notas.txt": "hola", "otra.txt": "otra" };

  it("lets choose files by typing and with the keyboard, and downloads them", async () => {
    const server = await servedTree(tree);
    const into = await folder();
    const run = atTerminal(["-s", at(server), "-o", into]);
    await type(run, [
      [/otra\.txt {2}\(4 B\)/, "jpg"],
      [/2 matches/, "\t"],
      [/◼ fotos\/a\.jpg|\[\+\] fotos\/a\.jpg/, "\u001b[B"],
      [/fotos\/b\.jpg/, "\t"],
      [/(◼|\[\+\]) fotos\/b\.jpg/, "\r"],
    ]);
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    expect(plain(stdout)).toContain("2 files downloaded");
    expect((await readdir(into, { recursive: true })).sort()).toEqual([
      "fotos",
      "fotos/a.jpg",
      "fotos/b.jpg",
    ]);
    await expectFile(join(into, "fotos/a.jpg"), "alfa");
    expectTerminalBack(stdout);
  });

  it("ends on Ctrl-C with nothing downloaded", async () => {
    const server = await servedTree(tree);
    const into = await folder();
    const run = atTerminal(["-s", at(server), "-o", into]);
    await type(run, [[/notas\.txt/, "\u0003"]]);
    const { code, stdout } = await run.ended;
    expect(code).toBe(130);
    expect(plain(stdout)).toContain("fileshare: Interrupted\r\n");
    expect(await readdir(into)).toEqual([]);
    expectTerminalBack(stdout);
  });

  it("is without colours where NO_COLOR says so, and shows no name as what a terminal would obey", async () => {
    const server = await servedTree({ "a\u001b[31mb": "", "c\u202ed": "" });
    const run = atTerminal(["-s", at(server)], { env: { NO_COLOR: "1" } });
    await type(run, [[/c\\u\{202e\}d/, ""]]);
    const shown = run.stdout();
    run.child.stdin.write("\u0003");
    await run.ended;
    expect(shown).toContain("a\\u{1b}[31mb");
    expect(shown.split(ESC).filter((part) => /^\[(3|4|9|10)\d*m/.test(part))).toEqual([]);
  });

  it("says so where the server has no files", async () => {
    const server = await servedTree({});
    const { code, stdout } = await atTerminal(["-s", at(server)]).ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: "The server has no files.\r\n" });
  });
});
