import type { ParseArgsConfig } from 'node:util'
import type { Terminal } from './terminal.js'

/** How a command's options are parsed (`parseArgs` of `node:util`). */
export type CommandOptions = NonNullable<ParseArgsConfig['options']>

/** A command, such as `ps`. */
export interface Command {
  /** Summary in the overview, without a full stop. */
  readonly summary: string
  /** The options that it accepts, of all its kinds. */
  readonly options: CommandOptions
  /** Words of which one follows its name; none for most commands. */
  readonly kinds?: readonly string[]
  /** What `millrace help` shows: usage, options, an example. */
  readonly help: string
  /** What `millrace help NAME all` shows, where `help` has only the usual options. */
  readonly fullHelp?: string
  /** Runs it with the arguments after its name; resolves with the exit code if it is not 0. @throws UsageError, MillraceError */
  run(args: readonly string[], terminal: Terminal): Promise<number | void>
}
