import path from 'node:path'
import { connect } from '../control/connect.js'
import { mostProfileSeconds } from '../observe/profile/profile-order.js'
import { parseArguments, positional } from './arguments.js'
import type { Command } from './command.js'
import { elsewhere, elsewhereArguments } from './elsewhere.js'
import { numberOption } from './option-values.js'
import { UsageError } from './usage-error.js'

const options = {
  ...elsewhereArguments,
  seconds: { type: 'string' },
  heap: { type: 'boolean' },
  out: { type: 'string' },
} as const

const defaultSeconds = 10

export const profile: Command = {
  summary: 'Profiles a running replica, or the gateway',
  options,
  help: `Usage: millrace profile TARGET [--seconds N | --heap] [--out FILE]
                        [--flow NAME|PID|SOCKET]

Writes what the CPU does in a replica, by function, to a .cpuprofile, which
Chrome (DevTools, Performance) and VS Code open; requests go on. TARGET is a
replica as 'millrace ps' names it (exec/rep-0, exec/shard-1/rep-0), a stage or
shard, of which the first running replica is taken, or gateway.

  --seconds  how long, from 1 to ${mostProfileSeconds}; ${defaultSeconds}
  --heap     the objects in memory instead, a .heapsnapshot; the replica answers
             nothing until it is written
  --out      the file, which must not exist; default: one in this folder, named
             after TARGET and the time
  --flow     when several run: its name, the process id of its program, or the
             path of its control socket

For Flows of this machine whose replicas are processes, threads or inline.

Example: millrace profile encoder/rep-1 --seconds 5 --out encoder.cpuprofile`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, options)
    const [target] = positional(positionals, 'TARGET')
    if (elsewhere(values) !== null)
      throw new UsageError(
        'profile is for Flows of this machine, and not for containers. Profile the stage in a Flow on localhost.',
      )
    const { heap = false } = values
    const seconds = numberOption(values, 'seconds')
    if (heap && seconds !== undefined) throw new UsageError('--seconds is not for --heap.')
    if (seconds !== undefined && (seconds < 1 || seconds > mostProfileSeconds))
      throw new UsageError(`--seconds must be from 1 to ${mostProfileSeconds}, not ${seconds}.`)
    const file = path.resolve(values.out ?? nameFor(target, heap))
    const control = await connect(values.flow)
    const { pod } = await control.profile(target, {
      ...{ kind: heap ? 'heap' : 'cpu', seconds: seconds ?? defaultSeconds },
      file,
    })
    terminal.out(`${pod}: ${heap ? 'its heap' : `${seconds ?? defaultSeconds} s of its CPU`} in ${file}\n`)
  },
}

function nameFor(target: string, heap: boolean): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
  return `${target.replaceAll(/[^\w-]/g, '-')}-${time}.${heap ? 'heapsnapshot' : 'cpuprofile'}`
}
