// The code in the documents and in doc comments compiles against the packages as they are, and what a snippet says that
// it prints is what it prints.

import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { format, promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));
// Within this package, so that imports resolve as they do for an app that depends on all three.
const folder = fileURLToPath(new URL(`../reports/snippets-${process.pid}`, import.meta.url));

interface Snippet {
  readonly from: string;
  readonly code: string;
}

async function documents(): Promise<string[]> {
  const found = ["README.md"];
  for (const name of ["protocol", "server", "client"]) {
    found.push(`packages/${name}/README.md`);
    const entries = await readdir(join(root, "packages", name, "src"), { recursive: true });
    found.push(
      ...entries
        .filter((entry) => /^(?!.*\.test).*\.ts$/.test(entry))
        .map((entry) => `packages/${name}/src/${entry}`),
    );
  }
  return found;
}

async function snippetsOf(path: string): Promise<Snippet[]> {
  const text = (await readFile(join(root, path), "utf8")).replace(
    /^ *\* ?/gm,
    path.endsWith(".ts") ? "" : "$&",
  );
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code], i) => ({
    from: `${path} ${i + 1}`,
    code: code ?? "",
  }));
}

const snippets = (await Promise.all((await documents()).map(snippetsOf))).flat();
const fileOf = (snippet: Snippet): string => join(folder, `${snippet.from.replace(/\W+/g, "-")}.ts`);

beforeAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const snippet of snippets) await writeFile(fileOf(snippet), `${snippet.code}\nexport {};\n`);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("The code in documents and doc comments", () => {
  it("is found", () => {
    expect(snippets.length).toBeGreaterThan(10);
  });

  it("compiles", async () => {
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--skipLibCheck"];
    const types = ["--lib", "es2023,esnext.disposable", "--types", "node"];
    const files = snippets.map((snippet) => relative(root, fileOf(snippet)));
    const failed = await run(process.execPath, [compiler, ...options, ...types, ...files], {
      cwd: root,
    }).then(
      () => "",
      (error: { stdout: string }) => error.stdout,
    );
    expect(failed).toBe("");
  });

  const printing = snippets.filter(({ code }) => /^console\.log\(.*\); \/\/ /m.test(code));

  it.each(printing.map((snippet) => [snippet.from, snippet] as const))(
    "of %s prints what it says",
    async (_from, snippet) => {
      const expected = [...snippet.code.matchAll(/^ *console\.log\(.*\); \/\/ (.*)$/gm)].map(
        ([, remark]) => remark,
      );
      const printed: string[] = [];
      const log = vi.spyOn(console, "log").mockImplementation((...args: unknown[]) => {
        printed.push(format(...args));
      });
      try {
        await import(/* @vite-ignore */ fileOf(snippet));
      } finally {
        log.mockRestore();
      }
      expect(printed).toEqual(expected);
    },
  );
});
