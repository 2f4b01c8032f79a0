// Completion for bash, 3.2 and later.
//
// What a server calls its files ends on the command line of a person, so that each name is written as bash would have to
// read it. Folders are left to bash, which does that with its own.

import type { Completed, CompletedCommand, CompletedOption } from "./completion.js";

export function bashScript({ commands, options }: Completed): string {
  const all = [...options, ...commands.flatMap((command) => command.options)];
  return `# Completion of fileshare for bash: source <(fileshare completion bash)

# The last word of a line as a program would get it, in _fileshare_word; in _fileshare_quote the quote that is open there.
_fileshare_read() {
  local line=$1 i character
  _fileshare_word= _fileshare_quote=
  for ((i = 0; i < \${#line}; i++)); do
    character=\${line:i:1}
    case $_fileshare_quote:$character in
      \\':\\' | \\":\\") _fileshare_quote= ;;
      \\":\\\\) [[ \${line:i+1:1} == [\\"\\\\\\$\\\`] ]] && i=$((i + 1)); _fileshare_word+=\${line:i:1} ;;
      ?:*) _fileshare_word+=$character ;;
      :\\\\) i=$((i + 1)); _fileshare_word+=\${line:i:1} ;;
      :[\\'\\"]) _fileshare_quote=$character ;;
      :[[:space:]\\;\\&\\|\\<\\>\\(\\)]) _fileshare_word= ;;
      *) _fileshare_word+=$character ;;
    esac
  done
}

# Writes $2 so that bash reads it as it is, after an open quote $1 or none: in _fileshare_written.
_fileshare_write() {
  local quote=$1 text=$2 from to
  case $quote in
    "") printf -v text %q "$text" ;;
    "'") from="'" to="'\\\\''"; text=\${text//$from/$to} ;;
    *)
      for from in \\\\ \\" \\$ \\\`; do text=\${text//"$from"/\\\\$from}; done
      # Within double quotes a ! is one of the history, or has a backslash before it for good.
      from='!' to="\\"'!'\\""; text=\${text//"$from"/$to} ;;
  esac
  # A quote at the start would be taken for the one that is open already.
  [[ -n $quote && $text == "$quote"* ]] && text=$quote$text
  _fileshare_written=$text
}

_fileshare_files() {
  local server=() name kept whole quote _fileshare_word _fileshare_quote _fileshare_written
  local line=\${COMP_LINE:0:COMP_POINT}
  # bash takes a server apart at its colon: the line has it whole.
  [[ $COMP_LINE =~ (^|[[:space:]])(-s|--server)[[:space:]=]+([^[:space:]]+) ]] && server=(-s "\${BASH_REMATCH[3]}")
  # bash replaces its own last word, which may be a part of ours: a colon parts words too.
  _fileshare_read "\${line:0:\${#line}-\${#1}}"; kept=$_fileshare_word
  _fileshare_read "$line"; whole=$_fileshare_word quote=$_fileshare_quote
  while IFS= read -r name; do
    [[ $name == "$whole"* && $name == "$kept"?* && $name != -* && $name != *[[:cntrl:]]* ]] || continue
    _fileshare_write "$quote" "\${name:\${#kept}}"
    COMPREPLY+=("$_fileshare_written")
  done < <(fileshare ls -R --max-time 2 \${server[@]+"\${server[@]}"} 2>/dev/null </dev/null)
  # Where there is one, bash closes the quote, unless the name ends in such a one.
  [[ \${#COMPREPLY[@]} == 1 && -n $quote && \${COMPREPLY[0]} == *"$quote" ]] && COMPREPLY[0]+=$quote
}

_fileshare() {
  local cur=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command= word
  COMPREPLY=()
  compopt +o dirnames 2>/dev/null
  [[ $previous == = ]] && ((COMP_CWORD > 1)) && previous=\${COMP_WORDS[COMP_CWORD - 2]}
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    case $word in
      ${commands.map(({ name }) => name).join(" | ")}) command=$word; break ;;
    esac
  done
  case $previous in
    ${pattern(all.filter(({ value }) => value === "folder"))}) compopt -o dirnames 2>/dev/null; return ;;
    ${pattern(all.filter(({ value }) => value === "other"))}) return ;;
  esac
  case $command in
    "") COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} ${words(options)}" -- "$cur")) ;;
${commands.map(branch).join("\n")}
  esac
}

complete -o dirnames -F _fileshare fileshare
`;
}

function branch({ name, options, operand }: CompletedCommand): string {
  const operands =
    typeof operand === "string"
      ? operand === "folder"
        ? "compopt -o dirnames 2>/dev/null"
        : '_fileshare_files "$2"'
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
