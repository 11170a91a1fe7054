import { connect } from '../control/connect.js'
import { parseArguments, positional } from './arguments.js'
import type { Command } from './command.js'
import { UsageError } from './usage-error.js'

export const scale: Command = {
  summary: 'Sets the number of replicas of a stage while requests go on',
  help: `Usage: millrace scale STAGE N [--flow NAME|PID|SOCKET]

Starts pods until the stage has N, or drains and ends the youngest. Returns
when that is done; interrupting the command does not interrupt it.

  --flow   when several run: its name, the process id of its program, or the
           path of its control socket

Example: millrace scale slow_executor 3`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, { flow: { type: 'string' } })
    const [stage, count] = positional(positionals, 'STAGE', 'N')
    if (!/^\d+$/.test(count)) throw new UsageError(`N must be a whole number, not '${count}'.`)
    const flow = await connect(values.flow)
    const { from, to, seconds } = await flow.scale(stage, { replicas: Number(count) })
    terminal.out(`${stage}: ${from} → ${to} in ${seconds.toFixed(2)} s\n`)
  },
}
