import type { CommandWords } from './words.js'

/** A script for bash 4 and newer. Files are completed where a value or an argument may be one. */
export function bashScript(commands: readonly CommandWords[]): string {
  const cases = commands.map(({ name, kinds, options }) => {
    const words = [...options.map((option) => `--${option.name}`), '--help'].join(' ')
    const values = options.filter(({ takesValue }) => takesValue).map((option) => `--${option.name}`)
    return `    ${name}) words='${words}' kinds='${kinds.join(' ')}' values=' ${values.join(' ')} ' ;;`
  })
  const names = commands.map(({ name }) => name).join(' ')
  return `# bash completion of millrace. Use it with: source <(millrace completion bash)
_millrace() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words='' kinds='' values=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${names} help --help --version' -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
    help) words='' kinds='${names}' ;;
${cases.join('\n')}
  esac
  case "$values" in *" $previous "*) COMPREPLY=($(compgen -f -- "$current")); return ;; esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  elif [ -n "$kinds" ] && [ "$COMP_CWORD" -eq 2 ]; then
    COMPREPLY=($(compgen -W "$kinds" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _millrace millrace
`
}
