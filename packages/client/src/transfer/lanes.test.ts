import { EventEmitter, once } from "node:events";
import { Conexion, Content, Mensaje } from "@fileshare/protocol";
import { connectSocket, ReadBuffers, socketTransport } from "@fileshare/protocol/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { tcpServer } from "../../test/tcp-server.js";
import { Lanes } from "./lanes.js";
import type { Link } from "./link.js";

const KiB = 1024;

describe("A reply that is cut while it arrives", () => {
  it("is handled once, though its connection was opened again meanwhile", async () => {
    const happened = new EventEmitter();
    const { port } = await tcpServer(async (socket) => {
      const conexion = new Conexion(socketTransport(socket));
      try {
        for (let asked = await conexion.recibirMensaje(); asked; asked = await conexion.recibirMensaje()) {
          happened.emit(`asked for ${asked.data}`);
          if (asked.data !== "unanswered") await conexion.enviarMensaje(reply(asked));
        }
      } catch {
        conexion.abort();
      }
    });
    /** It names the request: so the client takes the server for one of which much can be asked at once. */
    const reply = ({ data, extras }: Mensaje): Mensaje => {
      const id = extras.get("id") ?? null;
      return new Mensaje({ data: data === "small" ? [] : halting(data), estado: "ok", extras: [["id", id]] });
    };
    /** Half of it comes. */
    const halting = (data: unknown): Content => {
      async function* open(): AsyncGenerator<Uint8Array, void, undefined> {
        yield new Uint8Array(128 * KiB);
        await once(happened, `cut ${data}`);
        throw new Error("cut");
      }
      return new Content(256 * KiB, { open });
    };
    const connect = async (signal: AbortSignal): Promise<Link> => {
      const buffers = new ReadBuffers();
      const socket = await connectSocket({ host: "127.0.0.1", port, signal, buffers });
      return { conexion: new Conexion(socketTransport(socket)), buffers };
    };
    const lanes = new Lanes(connect, {
      connections: 2,
      bytesUnderWay: 32 * 1024 * 1024,
      replyTimeoutMs: 60_000,
    });
    const over = new AbortController();
    onTestFinished(async () => {
      over.abort(new Error("over"));
      await lanes.close();
    });
    const ask = <T>(data: string, bytes: number, handle: (reply: Mensaje) => Promise<T>): Promise<T> =>
      lanes.ask((id) => new Mensaje({ operacion: "descargar", data, extras: [["id", id]] }), handle, {
        bytes,
        signal: over.signal,
      });

    await ask("small", 0, async () => {});
    let handled = 0;
    const cut = ask("first", 10, async ({ data }) => {
      handled += 1;
      if (handled > 1) return;
      const reading = (data as Content)[Symbol.asyncIterator]();
      await reading.next();
      // Another connection stands, and has more to do.
      const other = once(happened, "has answered");
      ask("second", 1000, async () => {
        happened.emit("has answered");
        await once(over.signal, "abort");
      }).catch(() => {});
      await other;
      happened.emit("cut first");
      const read = (async () => {
        for (;;) await reading.next();
      })();
      await read.catch(async (error) => {
        const again = once(happened, "asked for unanswered");
        ask("unanswered", 0, async () => {}).catch(() => {});
        await again;
        throw error;
      });
    });
    await expect(cut).rejects.toMatchObject({ name: "ConexionError" });
    expect(handled).toBe(1);
  });
});
