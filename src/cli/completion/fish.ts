import type { CommandWords } from './words.js'

/** A script for fish. */
export function fishScript(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ name, summary, kinds, options }) => {
    const after = `complete -c millrace -n '__fish_seen_subcommand_from ${name}'`
    return [
      `complete -c millrace -n __fish_use_subcommand -f -a ${name} -d '${quoted(summary)}'`,
      ...(kinds.length === 0 ? [] : [`${after} -a '${kinds.join(' ')}'`]),
      ...options.map((option) => `${after} -l ${option.name}${option.takesValue ? ' -r' : ''}`),
    ]
  })
  const names = commands.map(({ name }) => name).join(' ')
  return `# fish completion of millrace. Use it with: millrace completion fish | source
${lines.join('\n')}
complete -c millrace -n __fish_use_subcommand -f -a help -d 'Explains a command'
complete -c millrace -n '__fish_seen_subcommand_from help' -f -a '${names}'
`
}

function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
}
