import type { Terminal } from './terminal.js'

/** A command, such as `ps`. */
export interface Command {
  /** Summary in the overview, without a full stop. */
  readonly summary: string
  /** What `millrace help` shows: usage, options, an example. */
  readonly help: string
  /** Runs it with the arguments after its name; resolves with the exit code if it is not 0. @throws UsageError, MillraceError */
  run(args: readonly string[], terminal: Terminal): Promise<number | void>
}
