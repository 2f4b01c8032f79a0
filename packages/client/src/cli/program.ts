// The commands and their options, as the help and the completion tell them.

import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { isPattern } from "../sync/patterns.js";
import { shells } from "./completion.js";
import {
  addServerOptions,
  addTransferOptions,
  DEFAULT_FOLDER,
  outputOption,
  parseServer,
  SERVER_VARIABLE,
  type ServerFlags,
} from "./flags.js";
import type { GetFlags } from "./get.js";
import { completionHelp, getHelp, lsHelp, programHelp, syncHelp } from "./help.js";
import type { LsFlags } from "./ls.js";
import type { SyncFlags } from "./sync.js";
import { notEmpty, wholeNumber } from "./units.js";

/** What the commands do. */
export interface Actions {
  pick(flags: GetFlags): Promise<void>;
  ls(patterns: string[], flags: LsFlags & ServerFlags): Promise<void>;
  get(names: string[], flags: GetFlags): Promise<void>;
  sync(folder: string, flags: SyncFlags): Promise<void>;
  completion(shell: string): void;
}

export function makeProgram(version: string, actions: Actions): Command {
  const program = addServerOptions(new Command("fileshare"))
    .description(
      "List and download the files of a fileshare server, or of a Python one.\nAlone at a terminal: choose files with the keyboard and download them.",
    )
    .usage("[options] [command]")
    .version(version)
    .enablePositionalOptions()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "fileshare: ")) })
    .addOption(outputOption())
    .argument("[command]")
    .addHelpText("after", programHelp)
    .helpCommand("help [command]", "tell how a command is used")
    .action((word: string | undefined, flags: GetFlags) => {
      if (word !== undefined) program.error(`error: unknown command '${word}'`);
      if (!process.stdin.isTTY || !process.stdout.isTTY) program.help({ error: true });
      if (flags.output === "-") program.error("error: only get writes to stdout");
      return actions.pick(flags);
    })
    .hook("preAction", (_, command) => {
      if (command !== program) takeEarlier(program, command);
      if (command.getOptionValueSource("server") === undefined && has(command, "server"))
        command.setOptionValueWithSource("server", serverOfEnvironment(program), "env");
    });

  addServerOptions(program.command("ls"))
    .description("list the server's files and folders")
    .addArgument(
      new Argument(
        "[glob...]",
        "only files that one of these matches, or what is in a folder of that name",
      ).argParser((value: string, values: readonly string[] = []) => [...values, notEmpty(value)]),
    )
    .option("-l, --long", "with size and date, also where stdout is no terminal")
    .option("-R, --recursive", "files in folders too")
    .option("--json", "one JSON object a line for each file: name, size, modified, version")
    .addHelpText("after", lsHelp)
    .action((globs: string[], flags: LsFlags & ServerFlags) => actions.ls(globs, flags));

  const get = addServerOptions(program.command("get"))
    .description("download files, many at once")
    .argument("<name...>", "the files' names, as ls -R shows them, or patterns in quotes")
    .addOption(outputOption("; - writes one file to stdout"))
    .addOption(
      new Option("-O, --save-as <name>", "save the one file under this name, in the folder").argParser(
        notEmpty,
      ),
    );
  addTransferOptions(get)
    .option("--checksum", "compare each file's SHA-256 with the server's, and print it as sha256sum does")
    .option("--json", "one JSON event a line")
    .addHelpText("after", getHelp)
    .action((names: string[], flags: GetFlags) => {
      const conflict = conflictOf(names, flags);
      if (conflict !== undefined) get.error(`error: ${conflict}`);
      return actions.get(names, flags);
    });

  const sync = addServerOptions(program.command("sync"))
    .description("bring a folder to what the server has")
    .addArgument(
      new Argument("[folder]", "the folder, made if need be").argParser(notEmpty).default(DEFAULT_FOLDER),
    )
    .option("--include <glob>", "only files that match; may be given again", collect)
    .option("--exclude <glob>", "no files that match; may be given again", collect)
    .option("--delete", "remove files and empty folders that the server does not have")
    .addOption(
      new Option(
        "--max-delete <n>",
        "remove nothing where the server does not have more than so many files and empty folders",
      ).argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
    )
    .option("-n, --dry-run", "do nothing, and tell what would be done");
  addTransferOptions(sync)
    .option("-c, --checksum", "compare files by their SHA-256 instead of their time")
    .option("--json", "one JSON event a line")
    .addHelpText("after", syncHelp)
    .action((folder: string, flags: SyncFlags) => actions.sync(folder, flags));

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

/** Options may also stand before the command's name: what stands behind it goes before them. */
function takeEarlier(program: Command, command: Command): void {
  for (const option of program.options) {
    const name = option.attributeName();
    if (program.getOptionValueSource(name) !== "cli") continue;
    if (!has(command, name)) program.error(`error: ${command.name()} has no option '${option.flags}'`);
    if (command.getOptionValueSource(name) !== "cli")
      command.setOptionValueWithSource(name, program.getOptionValue(name), "cli");
  }
}

/** Whether a command has an option. */
function has(command: Command, name: string): boolean {
  return command.options.some((option) => option.attributeName() === name);
}

function serverOfEnvironment(program: Command): ServerFlags["server"] {
  const text = process.env[SERVER_VARIABLE];
  if (!text) return undefined;
  try {
    return parseServer(text);
  } catch (error) {
    const reason = error instanceof InvalidArgumentError ? error.message : String(error);
    return program.error(`error: ${SERVER_VARIABLE} '${text}' is invalid. ${reason}`);
  }
}

/** Why flags of get cannot be meant together, if so. */
function conflictOf(
  names: readonly string[],
  { output, saveAs, json, checksum }: GetFlags,
): string | undefined {
  if (saveAs !== undefined && names.length > 1) return "-O takes one file";
  if (output !== "-") return undefined;
  if (names.length > 1) return "-o - takes one file";
  if (saveAs !== undefined) return "-o - and -O cannot be given together";
  if (json) return "-o - and --json cannot be given together: stdout is for the file";
  if (checksum) return "-o - and --checksum cannot be given together: stdout is for the file";
  return undefined;
}

/** Takes patterns, one after another. */
function collect(value: string, values: readonly string[] = []): string[] {
  if (!isPattern(value)) throw new InvalidArgumentError("It must not be empty.");
  return [...values, value];
}
