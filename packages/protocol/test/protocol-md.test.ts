// The bytes that PROTOCOL.md shows are the bytes that are sent.

import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { Conexion, defaultDialect, Mensaje, type MensajeFields, sealOf } from "../src/index.js";
import { transportPair } from "./memory-transport.js";

/** The bytes of the n-th listing: hex pairs and quoted text, up to the remark that two spaces set off. */
async function listing(n: number): Promise<string> {
  const text = await readFile(new URL("../../../PROTOCOL.md", import.meta.url), "utf8");
  const blocks = [...text.matchAll(/^```\n([\s\S]*?)^```/gm)];
  const lines = (blocks[n]?.[1] ?? "").split("\n").map((line) => line.split(/ {2}/)[0] ?? "");
  const tokens = lines.flatMap((line) => line.match(/'[^']*'|<[^>]*>|\.\.\.|\b[0-9a-f]{2}\b/g) ?? []);
  return tokens
    .filter((token) => token !== "...")
    .map((token) => (token.startsWith("'") ? Buffer.from(token.slice(1, -1)).toString("hex") : token))
    .join("");
}

async function sent(fields: MensajeFields): Promise<string> {
  const [transport] = transportPair();
  const dialect = { ...defaultDialect, protocol: 4 as const };
  await new Conexion(transport, { dialect }).enviarMensaje(new Mensaje(fields));
  return Buffer.concat(transport.written).subarray(4).toString("hex");
}

describe("PROTOCOL.md", () => {
  it("shows the bytes of a request", async () => {
    expect(await sent({ operacion: "listar" })).toBe(await listing(0));
  });

  it("shows the bytes around large data", async () => {
    const [prefix, suffix] = (await listing(1)).split("<65536 bytes>");
    const payload = await sent({ data: new Uint8Array(65_536), estado: "ok" });
    expect(prefix).toBeTruthy();
    expect(payload).toContain(`${prefix}${"00".repeat(65_536)}`);
    expect(payload.endsWith(`${"00".repeat(65_536)}${suffix}`)).toBe(true);
  });

  it.each([[["a.txt", "v1", 5, 0, 5]], [["a", "b", 3, 4, "v1", "v2"]]])(
    "shows the seal of %j",
    async (fields) => {
      const text = (await readFile(new URL("../../../PROTOCOL.md", import.meta.url), "utf8")).replace(
        /\s+/g,
        " ",
      );
      const sealed = fields.map((field) => `${field}\\n`).join("");
      expect(text).toContain(`the text is \`${sealed}\` and the seal \`${sealOf(fields)}\``);
    },
  );
});
