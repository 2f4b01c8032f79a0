// Completion for zsh.

import type { Completed, CompletedCommand, CompletedOption } from "./completion.js";

export function zshScript({ commands, options }: Completed): string {
  return `#compdef fileshare
# Completion of fileshare for zsh: fileshare completion zsh > "\${fpath[1]}/_fileshare", or source <(fileshare completion zsh)

_fileshare_files() {
  local -a server names
  local at=\${words[(I)(-s|--server)]}
  if (( at )); then server=(-s \${(Q)words[at + 1]})
  elif [[ -n $before ]]; then server=(-s \${(Q)before})
  fi
  names=(\${(f)"$(fileshare ls -R --max-time 2 $server 2>/dev/null)"})
  compadd -a names
}

_fileshare() {
  local context state state_descr line before curcontext=$curcontext
  typeset -A opt_args
  local -a commands=(
${commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`).join("\n")}
  )
  _arguments -C -A '-*' \\
${options.map((option) => `    ${spec(option)} \\`).join("\n")}
    '1:command:->command' '*::argument:->argument' && return
  case $state in
    command) _describe command commands ;;
    argument)
      # The server named before the command: the words are those from the command on.
      before=\${opt_args[-s]:-\${opt_args[--server]}}
      case $line[1] in
${commands.map(branch).join("\n")}
      esac ;;
  esac
}

if [[ $funcstack[1] == _fileshare ]]; then _fileshare "$@"; else compdef _fileshare fileshare; fi
`;
}

function branch({ name, options, operand }: CompletedCommand): string {
  const operands =
    operand === "files"
      ? "'*:file:_fileshare_files'"
      : operand === "folder"
        ? "'1:folder:_files -/'"
        : quoted(`1:shell:(${(operand as readonly string[]).join(" ")})`);
  const specs = [...options.map(spec), operands].map((text) => `          ${text}`);
  return `        ${name})
          _arguments \\
${specs.join(" \\\n")} ;;`;
}

function spec({ flags, description, value, isRepeatable }: CompletedOption): string {
  const text = description.replace(/[[\]\\:]/g, "\\$&");
  const action = value === undefined ? "" : value === "folder" ? ":folder:_files -/" : ":value: ";
  const exclusion = isRepeatable ? "*" : `(${flags.join(" ")})`;
  const names = flags.length === 1 ? `${flags[0]}` : `{${flags.join(",")}}`;
  const rest = quoted(`[${text}]${action}`);
  return flags.length === 1
    ? quoted(`${exclusion}${names}[${text}]${action}`)
    : `${quoted(exclusion)}${names}${rest}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
