import { connect } from '../control/connect.js'
import { parseArguments } from './arguments.js'
import type { Command } from './command.js'
import { UsageError } from './usage-error.js'

const options = {
  flow: { type: 'string' },
  follow: { type: 'boolean', short: 'f' },
  lines: { type: 'string', short: 'n' },
  json: { type: 'boolean' },
  time: { type: 'boolean' },
} as const

export const logs: Command = {
  summary: 'Shows what the pods of a running Flow print and log',
  options,
  help: `Usage: millrace logs [-f] [STAGE[/shard-N][/rep-N]] [-n N] [--json] [--time]
                     [--flow NAME|PID|SOCKET]

Shows the last lines of a running Flow on this machine, oldest first: of all its
pods and its gateway, of one stage, of one shard, or of one pod. STAGE may also
be gateway. A Flow keeps up to 1000 lines of each pod, also of one that has
ended.

  -f, --follow  further lines as they come, until the Flow closes or Ctrl-C
  -n, --lines   only the last N lines of what is there; default: all
  --json        one JSON object a line
  --time        the time in front of each line
  --flow        when several run: its name, the process id of its program, or the
                path of its control socket

Containers: docker logs, docker compose logs, kubectl logs.

Example: millrace logs -f encoder/rep-1`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, options)
    const [of = null, extra] = positionals
    if (extra !== undefined) throw new UsageError(`'${extra}' is one argument too many.`)
    const { lines, follow = false, json = false, time = false } = values
    if (lines !== undefined && !/^\d{1,9}$/.test(lines))
      throw new UsageError(`--lines must be a whole number, not '${lines}'.`)
    const flow = await connect(values.flow)
    const text = flow.logs({
      of,
      lines: lines === undefined ? null : Number(lines),
      follow,
      format: json ? 'json' : 'text',
      colour: terminal.colour,
      time,
    })
    for await (const piece of text) terminal.out(piece)
  },
}
