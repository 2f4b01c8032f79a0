// fileshare completion SHELL: scripts made from the commands' own definitions.

import type { Command } from "commander";
import { bashScript } from "./completion-bash.js";
import { fishScript } from "./completion-fish.js";
import { zshScript } from "./completion-zsh.js";

/** What a script completes. */
export interface Completed {
  readonly commands: readonly CompletedCommand[];
  /** Options that stand before a command, or without one. */
  readonly options: readonly CompletedOption[];
}

export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletedOption[];
  /** What stands behind it. */
  readonly operand: "files" | "folder" | readonly string[];
}

export interface CompletedOption {
  /** `-s`, `--server`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** What stands behind it; undefined for nothing. */
  readonly value: "folder" | "other" | undefined;
  readonly isRepeatable: boolean;
}

const scripts: Readonly<Record<string, (completed: Completed) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

export const shells: readonly string[] = Object.keys(scripts);

/** The script for a shell. */
export function completionScript(shell: string, program: Command): string {
  const script = scripts[shell] as (completed: Completed) => string;
  return script({
    commands: program.commands.map((command) => ({
      name: command.name(),
      description: command.description(),
      options: optionsOf(command),
      operand: operandOf(command),
    })),
    options: optionsOf(program),
  });
}

function optionsOf(command: Command): CompletedOption[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map(({ short, long, description, required, parseArg }) => ({
      flags: [short, long].filter((flag) => flag !== undefined && flag !== null),
      description,
      value: required ? (long === "--output" ? "folder" : "other") : undefined,
      isRepeatable: parseArg !== undefined && /again/.test(description),
    }));
}

function operandOf(command: Command): CompletedCommand["operand"] {
  const [operand] = command.registeredArguments;
  if (operand?.argChoices) return operand.argChoices;
  return operand?.name() === "folder" ? "folder" : "files";
}
