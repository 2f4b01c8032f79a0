// The folder of a call is meant from where the process was when it was called, wherever it goes meanwhile.

import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { clienteOf, expectFile, folder, noise, served } from "./served.js";

const files = { a: "alfa", grande: noise(3_000_000) };

let here: string;
let elsewhere: string;

beforeEach(async () => {
  [here, elsewhere] = [await folder(), await folder()];
  const before = process.cwd();
  onTestFinished(() => process.chdir(before));
  process.chdir(here);
});

async function expectAll(into: string): Promise<void> {
  for (const [name, content] of Object.entries(files)) await expectFile(join(here, into, name), content);
  expect(await readdir(elsewhere)).toEqual([]);
}

describe("A folder that is no absolute path", () => {
  it.each([true, false])(
    "is where downloads go, though the process moves on (it is there: %s)",
    async (isThere) => {
      const cliente = clienteOf(await served(files));
      if (isThere) await mkdir("copia");
      const getting = Object.keys(files).map((name) => cliente.descargarArchivo(name, { folder: "copia" }));
      process.chdir(elsewhere);
      expect(await Promise.all(getting)).toMatchObject([
        { path: join("copia", "a"), skipped: false },
        { path: join("copia", "grande"), skipped: false },
      ]);
      await expectAll("copia");
      process.chdir(here);
      const again = cliente.descargarArchivo("grande", { folder: "copia" });
      process.chdir(elsewhere);
      expect(await again).toMatchObject({ skipped: true });
    },
  );

  it("is what a sync brings, though the process moves on", async () => {
    const cliente = clienteOf(await served(files));
    const syncing = cliente.sincronizar("espejo");
    process.chdir(elsewhere);
    expect((await syncing).downloaded).toHaveLength(2);
    await expectAll("espejo");
  });
});
