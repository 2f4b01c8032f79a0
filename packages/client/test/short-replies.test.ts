// A server that gives less than was asked for: the rest is asked for when what came is known to be right, and not before.

import { EventEmitter, once } from "node:events";
import type { Socket } from "node:net";
import { join } from "node:path";
import { Conexion, Content, Mensaje } from "@fileshare/protocol";
import { socketTransport } from "@fileshare/protocol/node";
import { PyTuple } from "@fileshare/protocol/pickle";
import { expect, it } from "vitest";
import { clienteOf, expectFile, folder, noise } from "./served.js";
import { rangeReply } from "./talking-server.js";
import { tcpServer } from "./tcp-server.js";

const KiB = 1024;
const bytes = noise(5 * KiB * KiB);
const known = { name: "a", size: bytes.length, modified: 1_000_000_000.5, version: "v" } as const;

interface Span {
  readonly start: number;
  readonly end: number;
}

function overlap(one: Span, other: Span): boolean {
  return one.start < other.end && other.start < one.end;
}

it("A short reply that turns out damaged leaves no byte asked for twice at once", async () => {
  const happened = new EventEmitter();
  /** Asked for, and not answered to the end. */
  const underWay = new Set<Span>();
  const twice: [Span, Span][] = [];
  const right: Span[] = [];
  let heldOn: Socket | undefined;

  /** Half of what was asked for. Of the first bytes it is damaged, and ends only when another worker has asked for more. */
  const answer = (asked: Mensaje, socket: Socket, span: Span): Mensaje => {
    const length = Math.ceil((span.end - span.start) / 2);
    const isHeld = span.start === 0 && heldOn === undefined;
    if (isHeld) heldOn = socket;
    const released = isHeld ? once(happened, "asked for more elsewhere") : undefined;
    const given = { start: span.start, end: span.start + length };
    const extras = new Map(asked.extras).set("range", new PyTuple([given.start, given.end]));
    const damaged = isHeld ? { checksum: new PyTuple(["crc32", "00000000"]) } : {};
    const reply = rangeReply(new Mensaje({ data: asked.data, extras: [...extras] }), bytes, damaged);
    async function* open(): AsyncGenerator<Uint8Array, void, undefined> {
      const middle = given.start + (length >> 1);
      yield bytes.subarray(given.start, middle);
      await released;
      underWay.delete(span);
      if (!isHeld) right.push(given);
      yield bytes.subarray(middle, given.end);
    }
    return new Mensaje({ data: new Content(length, { open }), estado: "ok", extras: [...reply.extras] });
  };

  /** It shows that much may be asked for at once. */
  const list = ({ extras }: Mensaje): Mensaje =>
    new Mensaje({ data: ["a"], estado: "ok", extras: [["id", extras.get("id") ?? null]] });

  const talk = async (socket: Socket): Promise<void> => {
    const conexion = new Conexion(socketTransport(socket));
    let repliesWhileHeld = 0;
    const replies: Promise<void>[] = [];
    for (let asked = await conexion.recibirMensaje(); asked; asked = await conexion.recibirMensaje()) {
      if (asked.operacion === "listar") {
        await conexion.enviarMensaje(list(asked));
        continue;
      }
      const [start = 0, end = 0] = (asked.extras.get("range") as PyTuple).items as number[];
      const span = { start, end: Math.min(end, bytes.length) };
      for (const other of underWay) if (overlap(span, other)) twice.push([span, other]);
      underWay.add(span);
      if (repliesWhileHeld > 0) happened.emit("asked for more elsewhere");
      const reply = answer(asked, socket, span);
      const sending = conexion.enviarMensaje(reply).then(() => {
        if (heldOn !== undefined && heldOn !== socket) repliesWhileHeld += 1;
      });
      sending.catch(() => {});
      replies.push(sending);
    }
    await Promise.allSettled(replies);
    conexion.abort();
  };
  const { port } = await tcpServer((socket) => void talk(socket).catch(() => {}));

  const into = await folder();
  const retries: unknown[] = [];
  const cliente = clienteOf({ port }, { connections: 2 });
  await cliente.pedirListaArchivos();
  await cliente.descargarArchivo("a", {
    folder: into,
    known,
    onEvent: (event) => retries.push(event),
  });
  await expectFile(join(into, "a"), bytes);
  expect(retries).toMatchObject([{ type: "retry", error: { code: "CHECKSUM" } }]);
  expect(twice).toEqual([]);
  // What was right came once, and nothing is missing.
  let at = 0;
  for (const { start, end } of right.sort((one, other) => one.start - other.start)) {
    expect(start).toBe(at);
    at = end;
  }
  expect(at).toBe(bytes.length);
});
