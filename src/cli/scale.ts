import { connect } from '../control/connect.js'
import type { Scaled, ScaleRequest } from '../control/controlled.js'
import type { AttachOptions } from '../platforms/index.js'
import { parseArguments, positional } from './arguments.js'
import type { Command } from './command.js'
import { elsewhere, elsewhereArguments } from './elsewhere.js'
import { UsageError } from './usage-error.js'

const options = {
  ...elsewhereArguments,
  shard: { type: 'string' },
} as const

export const scale: Command = {
  summary: 'Sets the number of replicas of a stage while requests go on',
  options,
  help: `Usage: millrace scale STAGE N [--shard I] [--flow NAME|PID|SOCKET]
       millrace scale STAGE N --on kubernetes [--shard I] [--namespace NAME]
                      [--context NAME] [--kubeconfig FILE]
       millrace scale STAGE N --on docker [--shard I] [--flow NAME]

Starts pods until the stage (each of its shards) has N, or drains and stops the
youngest. Returns when that is done; interrupting the command does not
interrupt the scaling.

  --shard  only this shard, counted from 0
  --flow   when several run: its name, the process id of its program, or the
           path of its control socket
  --on     where it runs: localhost (the default), docker or kubernetes
  --namespace, --context, --kubeconfig
           which Flow of which cluster; default: as kubectl chooses

Example: millrace scale slow_executor 3`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, options)
    const [stage, count] = positional(positionals, 'STAGE', 'N')
    if (!/^\d+$/.test(count)) throw new UsageError(`N must be a whole number, not '${count}'.`)
    const { shard } = values
    if (shard !== undefined && !/^\d+$/.test(shard))
      throw new UsageError(`--shard must be a whole number, not '${shard}'.`)
    const where = elsewhere(values)
    const request = { replicas: Number(count), ...(shard !== undefined && { shard: Number(shard) }) }
    const { from, to, seconds } = await (where === null
      ? (await connect(values.flow)).scale(stage, request)
      : scaleThere(where, stage, request))
    terminal.out(`${stage}: ${from} → ${to} in ${seconds.toFixed(2)} s\n`)
  },
}

async function scaleThere(where: AttachOptions, stage: string, request: ScaleRequest): Promise<Scaled> {
  // imported on demand: other commands do not need it
  const { Flow } = await import('../flow/flow.js')
  await using flow = await Flow.attach(where)
  return await flow.scale(stage, request)
}
