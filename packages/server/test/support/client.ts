// A client that can say anything: raw bytes out, replies in.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Conexion, Content, type Mensaje } from "@fileshare/protocol";
import { socketTransport } from "@fileshare/protocol/node";
import { onTestFinished } from "vitest";
import { request } from "./pickles.js";

export class Client {
  readonly socket: Socket;
  /** The same connection, to read replies from. */
  readonly conexion: Conexion;
  /** Resolves when the connection is closed, in whatever way. */
  readonly closed: Promise<void>;

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    this.conexion = new Conexion(socketTransport(socket), { stallMs: Number.POSITIVE_INFINITY });
  }

  /** Sends bytes as they are; resolves when the system has them. */
  async send(...chunks: readonly Uint8Array[]): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.socket.write(Buffer.concat(chunks), (error) => (error ? reject(error) : resolve()));
    });
  }

  /** The next reply; null when the server ended the connection. */
  receive(): Promise<Mensaje | null> {
    return this.conexion.recibirMensaje();
  }

  /** The payload of the next frame, not decoded. */
  async payload(): Promise<Uint8Array> {
    const header = await this.conexion.recibirBytes(4);
    return new Uint8Array(await this.conexion.recibirBytes(Buffer.from(header).readUInt32BE()));
  }

  async ask(operacion: string, data?: string): Promise<Mensaje | null> {
    await this.send(request(operacion, data));
    return this.receive();
  }

  /** The content of a file; undefined when it was refused. */
  async download(name: string): Promise<Buffer | undefined> {
    return dataOf(await this.ask("descargar", name));
  }

  /** Closes, with the server or before it. */
  async end(): Promise<void> {
    this.socket.end();
    this.socket.resume();
    await this.closed;
  }
}

/** The bytes in a reply, streamed or not; undefined when there are none. */
export async function dataOf(reply: Mensaje | null): Promise<Buffer | undefined> {
  const data = reply?.data;
  if (data instanceof Content) return Buffer.from(await data.bytes());
  return data instanceof Uint8Array ? Buffer.from(data) : undefined;
}

/** Everything that comes over a socket until it is closed, with FIN or RST. */
export async function untilClosed(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
  return Buffer.concat(chunks);
}

/** Connects; the connection is gone at the end of the test. */
export async function connectTo(port: number): Promise<Client> {
  return new Client(await plainSocket(port));
}

/** Connects, and reads nothing until it is told to. */
export async function plainSocket(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  // A connection may break at any time: whoever cares sees that it is closed.
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}
