// Listings that would have a sync remove what the server may have, or never end.

import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Mensaje, type PyValue, sealOf } from "@fileshare/protocol";
import { describe, expect, it } from "vitest";
import { clienteOf, folder } from "./served.js";
import { type TalkingServer, talkingServer } from "./talking-server.js";

interface Page {
  readonly names?: readonly string[];
  readonly unreadable?: PyValue;
  readonly next?: string;
}

/** A page, sealed as it should be. */
function pageReply({ extras: asked }: Mensaje, { names = [], unreadable, next }: Page): Mensaje {
  const zeros = names.map(() => 0);
  const versions = names.map(() => "v");
  const columns = names.length === 0 ? [] : [names, zeros, versions].map((column) => column.join("\n"));
  const closed = Array.isArray(unreadable) && unreadable.length > 0 ? [unreadable.join("\n")] : [];
  const extras: [string, PyValue][] = [
    ["id", asked.get("id") as PyValue],
    ["sizes", zeros],
    ["modified", zeros],
    ["versions", versions],
    ["next", next ?? null],
    ["seal", sealOf([(asked.get("after") as string | undefined) ?? "", ...columns, ...closed, next ?? ""])],
  ];
  if (unreadable !== undefined) extras.push(["unreadable", unreadable]);
  return new Mensaje({ data: [...names], estado: "ok", extras });
}

/** Syncs with `delete` into a folder where there is something. Gives what came of it, and what is left. */
async function syncFrom(server: TalkingServer): Promise<{ outcome: unknown; left: string[] }> {
  const into = await folder();
  await mkdir(join(into, "secreto"));
  for (const name of ["secreto/a", "enlace"]) await writeFile(join(into, name), "");
  const outcome = await clienteOf(server)
    .sincronizar(into, { delete: true, retries: 0 })
    .catch((error: unknown) => error);
  return { outcome, left: (await readdir(into, { recursive: true })).sort() };
}

describe("A listing", () => {
  it("keeps what has the name of what the server cannot look into, and all below it", async () => {
    const page = { unreadable: ["secreto", "enlace"] };
    const { outcome, left } = await syncFrom(await talkingServer((request) => pageReply(request, page)));
    expect(outcome).toMatchObject({ deleted: [], failed: [{ nombre: "secreto/" }, { nombre: "enlace/" }] });
    expect(left).toEqual(["enlace", "secreto", "secreto/a"]);
  });

  it.each<[PyValue]>([
    [["secreto/"]],
    [["./secreto"]],
    [["/secreto"]],
    [[""]],
    [["a//b"]],
    [[".."]],
    [5],
    ["secreto"],
  ])("is refused where it names what it cannot look into as %j", async (unreadable) => {
    const server = await talkingServer((request) => pageReply(request, { unreadable }));
    const { outcome, left } = await syncFrom(server);
    expect(outcome).toMatchObject({ code: "BAD_REPLY" });
    expect(left).toEqual(["enlace", "secreto", "secreto/a"]);
  });

  it("does not end with a reply that is no page, where the one before was one", async () => {
    const server = await talkingServer((request, number) => {
      if (number === 1) return pageReply(request, { names: ["a"], next: "a" });
      return new Mensaje({ data: [], estado: "ok", extras: [["id", request.extras.get("id") as PyValue]] });
    });
    const { outcome, left } = await syncFrom(server);
    expect(outcome).toMatchObject({ code: "BAD_REPLY" });
    expect(left).toEqual(expect.arrayContaining(["enlace", "secreto", "secreto/a"]));
  });

  it("is refused that has page after page without a name", async () => {
    const server = await talkingServer((request, number) =>
      pageReply(request, { next: String(number).padStart(9, "0") }),
    );
    const { outcome, left } = await syncFrom(server);
    expect(outcome).toMatchObject({ code: "BAD_REPLY" });
    expect(left).toEqual(["enlace", "secreto", "secreto/a"]);
  });
});
