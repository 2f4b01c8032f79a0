// Completion for bash, 3.2 and later.

import type { Completed, CompletedCommand, CompletedOption } from "./completion.js";

export function bashScript({ commands, options }: Completed): string {
  const all = [...options, ...commands.flatMap((command) => command.options)];
  return `# Completion of fileshare for bash: source <(fileshare completion bash)

_fileshare_files() {
  local server=() name
  # bash takes a server apart at its colon: the line has it whole.
  [[ $COMP_LINE =~ (^|[[:space:]])(-s|--server)[[:space:]=]+([^[:space:]]+) ]] && server=(-s "\${BASH_REMATCH[3]}")
  while IFS= read -r name; do
    [[ $name == "$1"* ]] && COMPREPLY+=("$name")
  done < <(fileshare ls -R --max-time 2 \${server[@]+"\${server[@]}"} 2>/dev/null)
  compopt -o filenames 2>/dev/null
}

_fileshare() {
  local cur=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command= word
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    case $word in
      ${commands.map(({ name }) => name).join(" | ")}) command=$word; break ;;
    esac
  done
  case $previous in
    ${pattern(all.filter(({ value }) => value === "folder"))}) COMPREPLY=($(compgen -d -- "$cur")); compopt -o filenames 2>/dev/null; return ;;
    ${pattern(all.filter(({ value }) => value === "other"))}) return ;;
  esac
  case $command in
    "") COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} ${words(options)}" -- "$cur")) ;;
${commands.map(branch).join("\n")}
  esac
}

complete -F _fileshare fileshare
`;
}

function branch({ name, options, operand }: CompletedCommand): string {
  const operands =
    typeof operand === "string"
      ? operand === "folder"
        ? `COMPREPLY=($(compgen -d -- "$cur")); compopt -o filenames 2>/dev/null`
        : '_fileshare_files "$(printf %s "$cur" | sed -e "s/^[\\"\']//" -e "s/\\\\\\\\\\\\(.\\\\)/\\\\1/g")"'
      : `COMPREPLY=($(compgen -W "${operand.join(" ")}" -- "$cur"))`;
  return `    ${name})
      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "${words(options)}" -- "$cur"))
      else ${operands}
      fi ;;`;
}

function words(options: readonly CompletedOption[]): string {
  return options.flatMap(({ flags }) => flags).join(" ");
}

function pattern(options: readonly CompletedOption[]): string {
  return [...new Set(options.flatMap(({ flags }) => flags))].join(" | ");
}
