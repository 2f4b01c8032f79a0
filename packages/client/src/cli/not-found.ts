// What was asked for is not there as one file.

/** No file matches a pattern. */
export class NoMatchError extends Error {
  readonly code = "NO_MATCH";

  constructor(pattern: string) {
    super(`No file of the server matches ${JSON.stringify(pattern)}`);
  }
}

/** A single file is wanted, and a pattern matches several. */
export class NotOneError extends Error {
  readonly code = "NOT_ONE";

  constructor(count: number) {
    super(`One file is wanted here, and ${count} match`);
  }
}

/** What was asked for as a file is a folder of the server. */
export class RemoteFolderError extends Error {
  readonly code = "REMOTE_FOLDER";

  constructor(name: string) {
    super(`${name} is a folder: use '${name}/**', or sync`);
  }
}
