import { parseArguments, positional } from './arguments.js'
import { askFlows, noFlows } from './ask-flows.js'
import type { Command } from './command.js'
import { elsewhere, elsewhereArguments } from './elsewhere.js'
import { intervalOption } from './option-values.js'
import { type Asked, renderFlows } from './render-flows.js'
import { UsageError } from './usage-error.js'
import { watch } from './watch.js'

const options = {
  ...elsewhereArguments,
  json: { type: 'boolean' },
  orphans: { type: 'boolean' },
  remove: { type: 'boolean' },
  watch: { type: 'boolean' },
  interval: { type: 'string' },
} as const

export const ps: Command = {
  summary: 'Shows running Flows, their stages and pods',
  options,
  help: `Usage: millrace ps [--flow NAME|PID|SOCKET] [--json] [--watch [--interval MS]]
       millrace ps --on docker|kubernetes [--flow NAME] [--namespace NAME] …
       millrace ps --orphans [--remove] [--json]

Shows the Flows of this user on this machine: each stage with the replicas that
are ready and how many requests wait, were refused, sent again or hedged; each
pod with its state, requests in flight, latency (a moving average), requests
answered and failed, restarts, and the time since its last change of state.

  --flow     only this one: its name, the process id of its program, or the path
             of its control socket
  --on       where: localhost (the default), docker or kubernetes, which know
             less than a gateway does
  --namespace, --context, --kubeconfig
             of the cluster; default: all that you may list, as kubectl chooses
  --json     an array of Flows; one that does not answer has an "error"
  --watch    again and again, until q or Ctrl-C: in place on a terminal, else
             one table (with --json one line) after the other
  --interval milliseconds between two looks, 2000
  --orphans  containers of Docker whose program has ended without them, as by
             kill -9 of it; with --remove it ends and removes them`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, options)
    positional(positionals)
    const { orphans: isOrphans = false, remove = false, json = false } = values
    if (remove && !isOrphans) throw new UsageError('--remove is for --orphans.')
    if (isOrphans && values.watch) throw new UsageError('--watch is not for --orphans.')
    if (isOrphans && values.flow !== undefined) throw new UsageError('--orphans are of all Flows.')
    if (isOrphans) {
      // imported on demand: only this needs the platform's client
      const { orphans } = await import('./orphans.js')
      return orphans({ remove, json }, terminal)
    }
    const where = elsewhere(values)
    const intervalMs = intervalOption(values)
    if (intervalMs !== undefined && !values.watch) throw new UsageError('--interval is for --watch.')
    const frame = async (): Promise<string> => {
      const flows = await askFlows(where, values.flow)
      // one line a look, for programs that read them as they come
      if (json) return JSON.stringify(flows.map(asJson), null, values.watch ? 0 : 2)
      return flows.length === 0 ? noFlows(where) : renderFlows(flows, terminal.colour)
    }
    if (values.watch) await watch({ frame, terminal, intervalMs: intervalMs ?? 2000 })
    else terminal.out(`${await frame()}\n`)
  },
}

function asJson(flow: Asked): object {
  return flow.state === 'answered' ? flow.status : { flow: flow.label, error: flow.reason }
}
