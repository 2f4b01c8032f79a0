// Folders of the server, which knows files alone: a folder is what names have in front of a /.

import type { Cliente } from "../cliente.js";
import type { Detail, RemoteDetails } from "../transfer/details.js";
import { ListingMemory } from "../transfer/listing-memory.js";
import type { RetryEvent } from "../transfer/retry.js";

/** What to look at, and how. */
export interface FolderOptions {
  /** The folder's name with a `/` at its end; empty for that of the server itself. */
  readonly folder: string;
  /** Files in folders below too, in place of these folders. */
  readonly recursive?: boolean | undefined;
  readonly details: readonly Detail[];
  /** Counts the folders that were told, so that each is told once. */
  readonly memory?: ListingMemory | undefined;
  /** Called with the name of each folder that was to be looked into and cannot be, with a `/` at its end; maybe again. */
  readonly onUnreadable?: ((folder: string) => void) | undefined;
  /** Called when a connection was lost, and is tried again. */
  readonly onEvent?: ((event: RetryEvent) => void) | undefined;
  readonly signal: AbortSignal;
}

/** What follows all names in a folder, in the order of a listing. */
const LAST = "\uffff";

/**
 * What is in a folder, page by page: its files, and the folders below, whose names end in `/`. Of a large one below, little
 * is asked for.
 */
export async function* folderPages(
  cliente: Cliente,
  {
    folder,
    recursive = false,
    details,
    memory = new ListingMemory(),
    onUnreadable,
    onEvent,
    signal,
  }: FolderOptions,
): AsyncGenerator<readonly RemoteDetails[], void, undefined> {
  const below = new Set<string>();
  const entriesOf = (file: RemoteDetails): RemoteDetails[] => {
    const { size } = below;
    const entries = entryOf(file, folder, below);
    if (below.size > size) memory.keep("folder", file.name.length);
    return entries;
  };
  const closed: RemoteDetails[] = [];
  const noteUnreadable = (name: string): void => {
    // One that is below another, and not looked into, is told by its name as any folder is.
    if (name === folder || (recursive && name.startsWith(folder))) onUnreadable?.(name);
    else if (name.startsWith(folder)) closed.push(...entriesOf(folderNamed(name)));
  };
  const left = new Set<string>();
  let after = folder === "" ? undefined : folder;
  for (let goesOn = true; goesOn; ) {
    goesOn = false;
    const options = { recursive: true, after, details, onUnreadable: noteUnreadable, onEvent, signal };
    for await (const page of cliente.pedirDetalles(options)) {
      const inside = page.filter(({ name }) => name.startsWith(folder));
      if (closed.length > 0) yield closed.splice(0);
      yield recursive ? inside : inside.flatMap(entriesOf);
      if (inside.length < page.length) return;
      const last = folderBelow(page.at(-1)?.name ?? "", folder);
      if (recursive || last === undefined || left.has(last)) continue;
      left.add(last);
      after = last + LAST;
      goesOn = true;
      break;
    }
  }
}

/** Whether a name is that of a folder. */
export async function isFolder(cliente: Cliente, name: string, signal: AbortSignal): Promise<boolean> {
  for await (const page of folderPages(cliente, { folder: `${name}/`, details: [], signal }))
    return page.length > 0;
  return false;
}

/** The file itself, or the folder below that it is in, once. */
function entryOf(file: RemoteDetails, folder: string, told: Set<string>): RemoteDetails[] {
  const name = folderBelow(file.name, folder);
  if (name === undefined) return [file];
  if (told.has(name)) return [];
  told.add(name);
  return [folderNamed(name)];
}

function folderNamed(name: string): RemoteDetails {
  return { name, size: undefined, modified: undefined, version: undefined };
}

function folderBelow(name: string, folder: string): string | undefined {
  const end = name.indexOf("/", folder.length);
  return end < 0 ? undefined : name.slice(0, end + 1);
}
