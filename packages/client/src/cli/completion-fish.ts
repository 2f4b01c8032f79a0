// Completion for fish.

import type { Completed, CompletedCommand, CompletedOption } from "./completion.js";

export function fishScript({ commands, options }: Completed): string {
  const names = commands.map(({ name }) => name).join(" ");
  const none = `not __fish_seen_subcommand_from ${names}`;
  return `# Completion of fileshare for fish: fileshare completion fish > ~/.config/fish/completions/fileshare.fish

function __fileshare_files
    set -l words (commandline -opc)
    set -l server
    for i in (seq 2 (count $words))
        contains -- $words[$i] -s --server; and set server -s $words[(math $i + 1)]
    end
    fileshare ls -R --max-time 2 $server 2>/dev/null
end

complete -c fileshare -f
${commands.map(({ name, description }) => `complete -c fileshare -n ${quoted(none)} -a ${name} -d ${quoted(description)}`).join("\n")}
${options.map((option) => line(none, option)).join("\n")}
${commands.flatMap(branch).join("\n")}
`;
}

function branch({ name, options, operand }: CompletedCommand): string[] {
  const seen = `__fish_seen_subcommand_from ${name}`;
  const operands =
    operand === "files"
      ? "'(__fileshare_files)'"
      : operand === "folder"
        ? "'(__fish_complete_directories)'"
        : quoted((operand as readonly string[]).join(" "));
  return [
    `complete -c fileshare -n ${quoted(seen)} -a ${operands}`,
    ...options.map((option) => line(seen, option)),
  ];
}

function line(condition: string, { flags, description, value }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const action =
    value === undefined ? "" : value === "folder" ? " -r -a '(__fish_complete_directories)'" : " -x";
  return `complete -c fileshare -n ${quoted(condition)} ${names.join(" ")}${action} -d ${quoted(description)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
