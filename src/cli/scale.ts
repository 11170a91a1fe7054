import { connect } from '../control/connect.js'
import { parseArguments, positional } from './arguments.js'
import type { Command } from './command.js'
import { UsageError } from './usage-error.js'

export const scale: Command = {
  summary: 'Sets the number of replicas of a stage while requests go on',
  help: `Usage: millrace scale STAGE N [--shard I] [--flow NAME|PID|SOCKET]

Starts pods until the stage (each of its shards) has N, or drains and ends the youngest. Returns
when that is done; interrupting the command does not interrupt it.

  --shard  only this shard, counted from 0
  --flow   when several run: its name, the process id of its program, or the
           path of its control socket

Example: millrace scale slow_executor 3`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, {
      flow: { type: 'string' },
      shard: { type: 'string' },
    })
    const [stage, count] = positional(positionals, 'STAGE', 'N')
    if (!/^\d+$/.test(count)) throw new UsageError(`N must be a whole number, not '${count}'.`)
    const { shard } = values
    if (shard !== undefined && !/^\d+$/.test(shard))
      throw new UsageError(`--shard must be a whole number, not '${shard}'.`)
    const flow = await connect(values.flow)
    const { from, to, seconds } = await flow.scale(stage, {
      replicas: Number(count),
      ...(shard !== undefined && { shard: Number(shard) }),
    })
    terminal.out(`${stage}: ${from} → ${to} in ${seconds.toFixed(2)} s\n`)
  },
}
