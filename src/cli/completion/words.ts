import type { Command, CommandOptions } from '../command.js'

/** What can be completed after a command. */
export interface CommandWords {
  readonly name: string
  readonly summary: string
  /** Words that may follow the name: kinds of an export, names of shells. */
  readonly kinds: readonly string[]
  /** Its options without `--`, and whether each takes a value. */
  readonly options: readonly OptionWord[]
}

export interface OptionWord {
  readonly name: string
  readonly takesValue: boolean
}

/** From the tables with which the commands parse their arguments. */
export function wordsOf(commands: ReadonlyMap<string, Command>): readonly CommandWords[] {
  return [...commands].map(([name, { summary, kinds = [], options }]) => ({
    name,
    summary,
    kinds,
    options: optionsIn(options),
  }))
}

function optionsIn(options: CommandOptions): readonly OptionWord[] {
  return Object.entries(options).map(([name, { type }]) => ({ name, takesValue: type === 'string' }))
}
