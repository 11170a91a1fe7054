import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { bench } from './bench/bench.js'
import { call } from './call.js'
import type { Command } from './command.js'
import { completion } from './completion/completion.js'
import { dashboard } from './dashboard/dashboard.js'
import { dev } from './dev/dev.js'
import { exportCommand } from './export.js'
import { doctor } from './doctor/doctor.js'
import { executor } from './executor.js'
import { flow } from './flow.js'
import { gateway } from './gateway.js'
import { newCommand } from './new/new.js'
import { packageManifest } from './package-folder.js'
import { ping } from './ping.js'
import { profile } from './profile.js'
import { ps } from './ps.js'
import { scale } from './scale.js'
import { oneLine, type Terminal } from './terminal.js'
import { top } from './top/top.js'
import { types } from './types/types.js'
import { UsageError } from './usage-error.js'

const commands: ReadonlyMap<string, Command> = new Map([
  ['new', newCommand],
  ['dev', dev],
  ['flow', flow],
  ['executor', executor],
  ['gateway', gateway],
  ['call', call],
  ['ping', ping],
  ['bench', bench],
  ['ps', ps],
  ['top', top],
  ['dashboard', dashboard],
  ['scale', scale],
  ['profile', profile],
  ['types', types],
  ['export', exportCommand],
  ['doctor', doctor],
  ['completion', completion(() => commands)],
])

/** Result of a command line: its exit code, and the message for stderr when it is not 0. */
export interface Outcome {
  /** 0; 1 when the command failed; 2 for a wrong command line; otherwise the exit code of an Executor. */
  readonly code: number
  readonly complaint: string | null
}

/** Runs one command line, without the name of the program. Never rejects. */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<Outcome> {
  try {
    return { code: await dispatch(args, terminal), complaint: null }
  } catch (error) {
    if (error instanceof UsageError) {
      const [name = ''] = args
      const more = commands.has(name) ? `millrace help ${name}` : 'millrace --help'
      return { code: 2, complaint: `${oneLine(error.message)} See '${more}'.` }
    }
    return { code: 1, complaint: oneLine(MillraceError.from(error).message) }
  }
}

/** Resolves with the exit code. */
async function dispatch([name, ...rest]: readonly string[], terminal: Terminal): Promise<number> {
  const text = textFor(name, rest)
  if (text === null) return (await find(name ?? '').run(rest, terminal)) ?? 0
  terminal.out(`${text}\n`)
  return 0
}

/** Help or version text; null when a command must run. */
function textFor(name: string | undefined, rest: readonly string[]): string | null {
  switch (name) {
    case undefined:
    case '--help':
    case '-h':
      return overview()
    case '--version':
    case '-v':
      return version()
    case 'help':
      return rest[0] === undefined ? overview() : helpOf(rest[0], rest)
    default:
      return rest.includes('--help') || rest.includes('-h') ? helpOf(name, rest) : null
  }
}

/** @throws UsageError */
function helpOf(name: string, rest: readonly string[]): string {
  const { help, fullHelp = help } = find(name)
  return rest.at(-1) === 'all' ? fullHelp : help
}

/** @throws UsageError */
function find(name: string): Command {
  const command = commands.get(name)
  if (command !== undefined) return command
  const known = [...commands.keys(), 'help']
  const hint = nearest(name, known)
  const advice = hint === undefined ? `Commands: ${known.join(', ')}.` : `Did you mean '${hint}'?`
  throw new UsageError(`There is no command '${name}'. ${advice}`)
}

function overview(): string {
  const rows = [...commands].map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`)
  return `Usage: millrace COMMAND

${rows.join('\n')}
  ${'help'.padEnd(12)}Explains a command: millrace help ps

  --help, --version`
}

function version(): string {
  return packageManifest().version
}
