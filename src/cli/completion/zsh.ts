import type { CommandWords } from './words.js'

/** A script for zsh, for a folder of \`fpath\` or for \`source\`. */
export function zshScript(commands: readonly CommandWords[]): string {
  const cases = commands.map(({ name, kinds, options }) => {
    const specs = [
      ...options.map((option) => `'*--${option.name}[]${option.takesValue ? `:${option.name}:_files` : ''}'`),
      "'--help[]'",
      ...(kinds.length === 0 ? [] : [`'1:kind:(${kinds.join(' ')})'`]),
      "'*:file:_files'",
    ]
    return `    ${name}) _arguments ${specs.join(' ')} ;;`
  })
  const described = commands.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`)
  return `#compdef millrace
# zsh completion of millrace. Use it with: source <(millrace completion zsh)
_millrace() {
  local -a commands
  commands=(
${described.join('\n')}
    'help:Explains a command'
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$command" in
    help) _describe command commands ;;
${cases.join('\n')}
  esac
}
compdef _millrace millrace
`
}

/** In single quotes, and with the colon that separates a word from its description. */
function quoted(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll(':', '\\:')
}
