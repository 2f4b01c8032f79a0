// fileshare alone, at a terminal: choose files with the keyboard, then get them.

import { autocompleteMultiselect, isCancel } from "@clack/prompts";
import { printable } from "@fileshare/protocol";
import type { Cliente } from "../cliente.js";
import { UnreadableError } from "../errors.js";
import type { RemoteDetails } from "../transfer/details.js";
import { ListingMemory } from "../transfer/listing-memory.js";
import type { RetryEvent } from "../transfer/retry.js";
import { exitCodes } from "./exit-codes.js";
import { type GetFlags, getFiles } from "./get.js";
import { messageOf, retryText } from "./messages.js";
import { writeError } from "./output.js";
import { sizeText } from "./units.js";

/** Lets a person choose, and downloads what was chosen. */
export async function pick(cliente: Cliente, flags: GetFlags, signal: AbortSignal): Promise<number> {
  const files = new Map<string, RemoteDetails>();
  const memory = new ListingMemory(flags.maxListing);
  const onUnreadable = (folder: string): void => writeError(messageOf(new UnreadableError(folder)));
  const onEvent = (event: RetryEvent): void => writeError(retryText(event));
  for await (const page of cliente.pedirDetalles({ recursive: true, onUnreadable, onEvent, signal })) {
    for (const file of page) {
      memory.keep("details", file.name.length + (file.version?.length ?? 0));
      files.set(file.name, file);
    }
  }
  if (files.size === 0) {
    process.stdout.write("The server has no files.\n");
    return exitCodes.done;
  }
  const chosen = await autocompleteMultiselect({
    message: `Which files? They are saved in ${printable(flags.output)}`,
    options: [...files.values()].map((file) => ({ value: file.name, label: labelOf(file) })),
    // What a person sees is what is searched.
    filter: (search, { value }) => printable(value).toLowerCase().includes(search.toLowerCase()),
    placeholder: "type a part of a name",
    required: true,
    signal,
  });
  if (isCancel(chosen)) {
    writeError("Interrupted");
    return exitCodes.interrupted;
  }
  const wanted = chosen.map((name) => ({ name, known: files.get(name) }));
  return getFiles(cliente, { files: wanted, unmatched: [], unreadable: [] }, flags, signal);
}

function labelOf({ name, size }: RemoteDetails): string {
  return size === undefined ? printable(name) : `${printable(name)}  (${sizeText(size)})`;
}
