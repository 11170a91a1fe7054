import { Rates } from '../../control/rates.js'
import { systemClock } from '../../lib/clock.js'
import { parseArguments, positional } from '../arguments.js'
import { askFlows, noFlows } from '../ask-flows.js'
import type { Command } from '../command.js'
import { elsewhere, elsewhereArguments, elsewhereHelp } from '../elsewhere.js'
import { intervalOption } from '../option-values.js'
import { watch } from '../watch.js'
import { statusesOf } from '../render-flows.js'
import { renderTop } from './render-top.js'

const options = {
  ...elsewhereArguments,
  interval: { type: 'string' },
} as const

export const top: Command = {
  summary: 'Shows what stages and pods do now, again and again',
  options,
  help: `Usage: millrace top [--flow NAME|PID|SOCKET] [--interval MS]
       millrace top --on kubernetes [--namespace NAME] [--context NAME]
                    [--kubeconfig FILE] [--interval MS]
       millrace top --on docker [--flow NAME] [--interval MS]

For each stage, and each of its pods, the busiest first: requests answered and
failed a second since the last look, requests in flight and waiting, latency (a
moving average), and restarts. In place on a terminal, until q or Ctrl-C;
elsewhere one table after the other. A cluster knows no requests.

${elsewhereHelp}
  --interval  milliseconds between two looks, 1000`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, options)
    positional(positionals)
    const where = elsewhere(values)
    const rates = new Rates()
    await watch({
      terminal,
      intervalMs: intervalOption(values) ?? 1000,
      async frame() {
        const flows = await askFlows(where, values.flow)
        if (flows.length === 0) return noFlows(where)
        return renderTop(flows, rates.look(statusesOf(flows), systemClock.monotonic()), terminal.colour)
      },
    })
  },
}
