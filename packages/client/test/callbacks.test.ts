// What an app's own functions throw.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startFaultProxy } from "@fileshare/peers";
import { describe, expect, it, onTestFinished } from "vitest";
import type { SyncOptions } from "../src/sync/options.js";
import { clienteOf, folder, noise, served } from "./served.js";

const error = new Error("the app cannot go on");

/** Throws the first time, as what follows is not to be told. */
function throwing(): { act: () => void; calls: () => number } {
  let calls = 0;
  const act = (): void => {
    calls += 1;
    if (calls === 1) throw error;
  };
  return { act, calls: () => calls };
}

describe("What an app's function throws", () => {
  it.each<[keyof SyncOptions, number]>([
    ["onFile", 10],
    ["onFile", 300_000],
    ["onProgress", 10],
    ["onProgress", 300_000],
  ])("ends a sync in %s, and comes out as it is (files of %i bytes)", async (name, size) => {
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, noise(size)]));
    const cliente = clienteOf(await served(files));
    const { act, calls } = throwing();
    await expect(cliente.sincronizar(await folder(), { [name]: act })).rejects.toBe(error);
    expect(calls()).toBeGreaterThan(0);
    const into = await folder();
    expect(await cliente.sincronizar(into)).toMatchObject({ failed: [], unchanged: 0 });
  });

  it("ends a sync in onFile for what cannot be saved, and for what is removed", async () => {
    const cliente = clienteOf(await served({ a: "a" }));
    const into = await folder();
    await writeFile(join(into, "sobra"), "");
    const { act } = throwing();
    const onFile = ({ type }: { readonly type: string }): void => {
      if (type === "deleted") act();
    };
    await expect(cliente.sincronizar(into, { delete: true, onFile })).rejects.toBe(error);
  });

  it("ends a sync in onEvent", async () => {
    const server = await served({ grande: noise(3_000_000) });
    const proxy = await startFaultProxy({
      port: server.port,
      seed: 1,
      plan: [{ fault: "cut", direction: "toClient", after: 1_000_000 }],
    });
    onTestFinished(() => proxy.close());
    const { act } = throwing();
    await expect(clienteOf({ port: proxy.port }).sincronizar(await folder(), { onEvent: act })).rejects.toBe(
      error,
    );
  });
});
