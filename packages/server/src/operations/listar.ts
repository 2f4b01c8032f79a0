import { Mensaje, sealOf } from "@fileshare/protocol";
import { PyFloat } from "@fileshare/protocol/pickle";
import { entriesOf } from "../storage/listing.js";
import { type ListRequest, listRequestOf } from "./attributes.js";
import type { Handler, HandlerContext } from "./handler.js";

/** `listar`: the names of the files there are; in pages, with what is known of each, where that was asked for. */
export const listar: Handler<null, string[]> = (_data, { storage, mensaje }) => {
  const asked = listRequestOf(mensaje.extras);
  return asked ? page(storage, asked) : storage.list();
};

async function page(storage: HandlerContext["storage"], asked: ListRequest): Promise<Mensaje<string[]>> {
  const { names, sizes, modified, versions, next } = await entriesOf(storage, asked);
  const reply = new Mensaje<string[]>({ data: [...names], estado: "ok" });
  if (asked.details) {
    reply.extras.set("sizes", Array.from(sizes));
    reply.extras.set("modified", Array.from(modified, float));
    reply.extras.set("versions", [...versions]);
  }
  reply.extras.set("next", next ?? null);
  const details = asked.details ? [...Array.from(sizes), ...versions] : [];
  reply.extras.set("seal", sealOf([asked.after ?? "", ...names, ...details, next ?? ""]));
  return reply;
}

/** A number as a Python float, though it be whole. */
export function float(value: number): number | PyFloat {
  return Number.isInteger(value) ? new PyFloat(value) : value;
}
