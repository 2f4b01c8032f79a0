// A folder of the server's that it cannot look into: root, whom tests may run as, can look into any.

import { DirectoryStorage, type EntriesOptions, type EntriesPage } from "@fileshare/server";

/** Serves a folder, and says that what has this name in it cannot be looked into. */
export class WithClosedFolder extends DirectoryStorage {
  readonly #name: string;

  constructor(folder: string, name: string) {
    super(folder);
    this.#name = name;
  }

  override async entries(options: EntriesOptions): Promise<EntriesPage> {
    const page = await super.entries(options);
    if (!options.recursive) return page;
    if (!options.folders) throw new Error(`Cannot list "${this.#name}/"`);
    return { ...page, unreadable: [this.#name] };
  }
}
