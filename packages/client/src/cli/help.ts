// The longer parts of the help: examples, and how commands end.

const exitCodesHelp: string = `
Exit codes:
  0    all done
  1    something was not: the server refused it, no file matched, it could not be saved, or a folder not be looked into
  2    the command was not understood
  3    the server cannot be reached, or the connection was lost for good
  4    the time of --max-time was up
  130  interrupted (Ctrl-C)`;

const goingOn = `
A download that was cut off goes on where it was: run the same command again.`;

export const programHelp: string = `
Examples:
  fileshare                                     choose files with the keyboard
  fileshare ls -s campus.example                what is there?
  fileshare get notas.txt 'fotos/*.jpg'         by name, and by pattern (quote it for the shell)
  fileshare sync espejo --delete --dry-run      what would make espejo the same as the server?
  export FILESHARE_SERVER=campus.example        the server, where -s names none
  source <(fileshare completion bash)           complete with Tab
${goingOn}
${exitCodesHelp}`;

export const getHelp: string = `
A NAME with *, ?, [..] or {..} that is no file's name is a pattern. Without a / it matches files at any depth, with one
files at that path from the top; ** stands for any number of folders, and NAME/ for all that is in folders of that name.
Quote it, or the shell takes it for its own. Files that are there already, in the same size and of the same time, are
skipped. With -o - the file was only right if the exit code is 0; it comes over one connection, and is not tried again.
${goingOn}

Examples:
  fileshare get notas.txt -o ~/Descargas
  fileshare get informe.pdf -O enero.pdf
  fileshare get copia.tar -o - | tar x
  fileshare get '*.iso' --connections 4 --limit-rate 5M
  fileshare get 'fotos/**' --checksum > SHA256SUMS && sha256sum --check SHA256SUMS
  fileshare get grande.bin --json | jq -r 'select(.event == "done").path'
${exitCodesHelp}`;

export const lsHelp: string = `
Examples:
  fileshare ls                                  names, sizes and dates; names alone into a pipe
  fileshare ls fotos                            what is in a folder
  fileshare ls -R '*.jpg'                       in folders too
  fileshare ls --json | jq -r 'select(.size > 1e9).name'
${exitCodesHelp}`;

export const syncHelp: string = `
Files that differ in size or time are fetched, and folders made, empty ones too. What the server does not have stays,
unless --delete is given; what the patterns leave out stays in any case.
A pattern is one as in .gitignore: it means the files that it matches, and all that is in a folder that it matches.
Without a /, but for one at its end, it matches at any depth; with one it is a path from the top. With a / at its end it
matches folders alone.
${goingOn}

Examples:
  fileshare sync                                into descargas
  fileshare sync espejo --delete --dry-run      what would be done?
  fileshare sync fotos --include '*.jpg' --exclude node_modules/
  fileshare sync espejo --checksum              whatever the dates say
${exitCodesHelp}`;

export const completionHelp: string = `
To have it in every shell:
  bash   echo 'source <(fileshare completion bash)' >> ~/.bashrc
  zsh    fileshare completion zsh > "\${fpath[1]}/_fileshare"
  fish   fileshare completion fish > ~/.config/fish/completions/fileshare.fish`;
