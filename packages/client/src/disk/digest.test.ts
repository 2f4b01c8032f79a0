import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Disk } from "./disk.js";

let folder: string;
let disk: Disk;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fileshare-"));
  disk = new Disk();
});

afterEach(async () => {
  await disk.close();
  await rm(folder, { recursive: true });
});

const never = new AbortController().signal;

describe("Disk.digest()", () => {
  it.each([0, 1, 1024 * 1024 - 1, 1024 * 1024, 3 * 1024 * 1024 + 7])(
    "gives that of a file of %d bytes",
    async (size) => {
      const content = Buffer.alloc(size, "fileshare");
      await writeFile(join(folder, "f"), content);
      expect(await disk.digest(join(folder, "f"), never)).toBe(
        createHash("sha256").update(content).digest("hex"),
      );
    },
  );

  it("rejects where no file stands: nothing, a folder, a link", async () => {
    await mkdir(join(folder, "carpeta"));
    await symlink("/etc/hostname", join(folder, "enlace"));
    for (const name of ["falta", "carpeta", "enlace"]) {
      await expect(disk.digest(join(folder, name), never)).rejects.toMatchObject({
        name: "TargetError",
        path: join(folder, name),
      });
    }
  });

  it("lets other work be done meanwhile, and is given up by its signal and by close()", async () => {
    // Larger than what is read before anything else is looked at.
    await writeFile(join(folder, "f"), Buffer.alloc(64 * 1024 * 1024));
    const given = new AbortController();
    let ended = false;
    const first = disk.digest(join(folder, "f"), given.signal).finally(() => {
      ended = true;
    });
    first.catch(() => {});
    await disk.stat([folder]);
    expect(ended).toBe(false);
    given.abort(new Error("basta"));
    await expect(first).rejects.toThrow("basta");
    await expect(disk.digest(join(folder, "f"), given.signal)).rejects.toThrow("basta");
    const second = disk.digest(join(folder, "f"), never);
    second.catch(() => {});
    await disk.close();
    await expect(second).rejects.toMatchObject({ name: "TargetError" });
  });
});
