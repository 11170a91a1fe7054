import type { Terminal } from './terminal.js'

/** One word of the command line, as `ps`. */
export interface Command {
  /** One line of the overview, without a full stop. */
  readonly summary: string
  /** What `millrace help` shows: usage, options, an example. */
  readonly help: string
  /** `args` is what came after the name; gives the exit code, where it is not 0. @throws UsageError, MillraceError */
  run(args: readonly string[], terminal: Terminal): Promise<number | void>
}
