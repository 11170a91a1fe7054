import { openDashboard } from '../../dashboard/open.js'
import { parseArguments, positional } from '../arguments.js'
import { clientArguments, clientHelp, credentialsOf } from '../client-arguments.js'
import type { Command } from '../command.js'
import { elsewhere, elsewhereArguments, elsewhereHelp } from '../elsewhere.js'
import { numberOption } from '../option-values.js'
import { UsageError } from '../usage-error.js'
import { flowHere, flowThere } from './watched-flow.js'

const options = {
  ...elsewhereArguments,
  ...clientArguments,
  port: { type: 'string' },
} as const

export const dashboard: Command = {
  summary: 'Serves a page that shows a running Flow, and scales and tries it',
  options,
  help: `Usage: millrace dashboard [--flow NAME|PID|SOCKET] [--port N]
       millrace dashboard --on kubernetes [--namespace NAME] [--context NAME]
                          [--kubeconfig FILE] [--port N]
       millrace dashboard --on docker [--flow NAME] [--port N]

Prints a link, and serves until Ctrl-C, on 127.0.0.1 only: the graph with its
traffic, each replica with its state, restarts with their reasons, a control
that scales, and a form that sends requests. The link opens the page once; the
browser that opened it stays admitted.

  --port      of the page; default: any that is free
${elsewhereHelp}
${clientHelp}`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, options)
    positional(positionals)
    const port = numberOption(values, 'port') ?? 0
    if (port > 65_535) throw new UsageError(`--port must be at most 65535, not ${port}.`)
    const where = elsewhere(values)
    const credentials = credentialsOf(values)
    const watched = where === null ? flowHere(values.flow, credentials) : flowThere(where, credentials)
    await watched.status() // now, and not first in the page: there is no such Flow, or there are several
    const interrupted = new Promise<void>((resolve) => {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve())
    })
    const served = await openDashboard(watched, { port })
    terminal.out(`Open ${served.url}\nThe link works once. Ctrl-C ends the page; the Flow goes on.\n`)
    await interrupted
    await served.close()
  },
}
