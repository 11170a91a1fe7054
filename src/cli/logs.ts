import { connect } from '../control/connect.js'
import type { LogQuestion } from '../control/log-question.js'
import { logsOnPlatform } from '../platforms/index.js'
import { parseArguments } from './arguments.js'
import type { Command } from './command.js'
import { elsewhere, elsewhereArguments, elsewhereHelp } from './elsewhere.js'
import { UsageError } from './usage-error.js'

const options = {
  ...elsewhereArguments,
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
       millrace logs [-f] [STAGE[/shard-N] | POD] [-n N] [--json] [--time]
                     --on docker|kubernetes [--flow NAME] [--namespace NAME] …

Shows the last lines of a running Flow, oldest first: of all its pods and its
gateway, of one stage, of one shard, or of one pod. STAGE may also be gateway;
POD is a container as 'millrace ps --on' names it. At most 1000 lines of each
pod are there, on this machine also of one that has ended.

  -f, --follow
              further lines as they come, until the Flow closes or Ctrl-C; on a
              platform until it is removed, of up to 100 containers
  -n, --lines only the last N lines of what is there; default: all
  --json      one JSON object a line
  --time      the time in front of each line
${elsewhereHelp}

Example: millrace logs -f encoder/rep-1`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, options)
    const [of = null, extra] = positionals
    if (extra !== undefined) throw new UsageError(`'${extra}' is one argument too many.`)
    const { lines, follow = false, json = false, time = false } = values
    if (lines !== undefined && !/^\d{1,9}$/.test(lines))
      throw new UsageError(`--lines must be a whole number, not '${lines}'.`)
    const where = elsewhere(values)
    const question: LogQuestion = {
      of,
      lines: lines === undefined ? null : Number(lines),
      follow,
      format: json ? 'json' : 'text',
      colour: terminal.colour,
      time,
    }
    const text =
      where === null ? (await connect(values.flow)).logs(question) : logsOnPlatform(where, question)
    for await (const piece of text) terminal.out(piece)
  },
}
