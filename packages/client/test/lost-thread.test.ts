// A thread for files that ends, and that cannot be started again.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { describe, expect, it, vi } from "vitest";
import { ThreadError } from "../src/index.js";
import { clienteOf, folder, served } from "./served.js";

const threads: Worker[] = [];
let isForbidden = false;

vi.mock("node:worker_threads", async (original) => {
  const node = await original<typeof import("node:worker_threads")>();
  class Watched extends node.Worker {
    constructor(...args: ConstructorParameters<typeof node.Worker>) {
      if (isForbidden) throw new Error("no more threads");
      super(...args);
      threads.push(this);
    }
  }
  return { ...node, Worker: Watched };
});

describe("A thread that cannot be started again", () => {
  it("ends a sync, and is told once for all files", async () => {
    const cliente = clienteOf(await served({ a: "alfa", b: "beta" }));
    const into = join(await folder(), "espejo");
    await mkdir(into);
    for (const name of ["a", "b"]) await writeFile(join(into, name), "otro");
    const syncing = cliente.sincronizar(into, {
      checksum: true,
      // Told when the files were looked at, before any is compared.
      onProgress: () => {
        isForbidden = true;
        for (const thread of threads.splice(0)) {
          void thread.terminate();
          thread.emit("exit", 1);
        }
      },
    });
    const error = await syncing.catch((error: unknown) => error);
    isForbidden = false;
    expect(error).toBeInstanceOf(ThreadError);
    expect((error as ThreadError).message).toBe("Cannot start the thread for files: no more threads");
    expect(await cliente.pedirListaArchivos()).toEqual(["a", "b"]);
    await cliente.descargarArchivo("a", { folder: into });
  });
});
