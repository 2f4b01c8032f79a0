// The commands and their options, as the help and the completion tell them.

import { Command, Option } from "commander";
import { shells } from "./completion.js";
import {
  addTransferOptions,
  DEFAULT_FOLDER,
  type Server,
  serverOption,
  type TransferFlags,
} from "./flags.js";
import type { GetFlags } from "./get.js";
import { completionHelp, getHelp, lsHelp, programHelp, syncHelp } from "./help.js";
import type { LsFlags } from "./ls.js";
import type { SyncFlags } from "./sync.js";
import { wholeNumber } from "./units.js";

export interface ServerFlags {
  readonly server?: Server | undefined;
}

/** What the commands do. */
export interface Actions {
  pick(flags: GetFlags & ServerFlags): Promise<void>;
  ls(patterns: string[], flags: LsFlags & ServerFlags & { readonly maxTime?: number }): Promise<void>;
  get(names: string[], flags: GetFlags & ServerFlags): Promise<void>;
  sync(folder: string, flags: SyncFlags & ServerFlags): Promise<void>;
  completion(shell: string): void;
}

/** An option may also stand before the command's name. */
type WithServer<Flags> = Flags & ServerFlags;

export function makeProgram(version: string, actions: Actions): Command {
  const program = new Command("fileshare")
    .description(
      "List and download the files of a fileshare server, or of a Python one.\nAlone at a terminal: choose files with the keyboard and download them.",
    )
    .usage("[options] [command]")
    .version(version)
    .enablePositionalOptions()
    .addOption(serverOption())
    .option("-o, --output <folder>", "the folder to save in, made if need be", DEFAULT_FOLDER)
    .argument("[command]")
    .addHelpText("after", programHelp)
    .action((word: string | undefined, flags: WithServer<GetFlags>) => {
      if (word !== undefined) program.error(`error: unknown command '${word}'`);
      if (!process.stdin.isTTY || !process.stdout.isTTY) program.help({ error: true });
      return actions.pick(flags);
    });

  const withServer = <Flags extends ServerFlags>(flags: Flags): Flags => ({
    ...flags,
    server: flags.server ?? program.opts<ServerFlags>().server,
  });

  program
    .command("ls")
    .description("list the server's files")
    .argument("[glob...]", "only files that one of these matches")
    .addOption(serverOption())
    .option("-l, --long", "with size and date, also where stdout is no terminal")
    .option("-R, --recursive", "files in folders too")
    .option("--json", "one JSON object a line: name, size, modified, version")
    .addOption(
      new Option("--max-time <seconds>", "give up after so long").argParser(wholeNumber(1, 1_000_000)),
    )
    .addHelpText("after", lsHelp)
    .action((patterns: string[], flags: LsFlags & ServerFlags & { maxTime?: number }) =>
      actions.ls(patterns, withServer(flags)),
    );

  const get = program
    .command("get")
    .description("download files, many at once")
    .argument("<name...>", "the files' names, as ls -R shows them, or patterns in quotes")
    .addOption(serverOption())
    .option("-o, --output <folder>", "the folder to save in, made if need be", DEFAULT_FOLDER);
  addTransferOptions(get)
    .option("--checksum", "compare each file's SHA-256 with the server's, and print it as sha256sum does")
    .option("--json", "one JSON event a line")
    .addHelpText("after", getHelp)
    .action((names: string[], flags: GetFlags & ServerFlags) => actions.get(names, withServer(flags)));

  const sync = program
    .command("sync")
    .description("bring a folder to what the server has")
    .argument("[folder]", "the folder, made if need be", DEFAULT_FOLDER)
    .addOption(serverOption())
    .option("--include <glob>", "only files that match; may be given again", collect)
    .option("--exclude <glob>", "no files that match; may be given again", collect)
    .option("--delete", "remove files that the server does not have")
    .option("-n, --dry-run", "do nothing, and tell what would be done");
  addTransferOptions(sync)
    .option("-c, --checksum", "compare files by their SHA-256 instead of their time")
    .option("--json", "one JSON event a line")
    .addHelpText("after", syncHelp)
    .action((folder: string, flags: SyncFlags & ServerFlags & TransferFlags) =>
      actions.sync(folder, withServer(flags)),
    );

  program
    .command("completion")
    .description("print a script that completes the command with Tab")
    .addArgument(program.createArgument("<shell>", "the shell it is for").choices(shells))
    .addHelpText("after", completionHelp)
    .action((shell: string) => actions.completion(shell));

  for (const command of [program, ...program.commands]) {
    command.exitOverride().showHelpAfterError("Run fileshare --help to see how it is used.");
  }
  return program;
}

function collect(value: string, values: readonly string[] = []): string[] {
  return [...values, value];
}
