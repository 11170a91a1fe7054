import { controlAt, type FlowControl } from '../control/client.js'
import { connect, listed } from '../control/connect.js'
import { listFlows } from '../control/sockets.js'
import { MillraceError } from '../errors.js'
import { type AttachOptions, listOnPlatform } from '../platforms/index.js'
import { parseArguments, positional } from './arguments.js'
import type { Command } from './command.js'
import { elsewhere, elsewhereArguments } from './elsewhere.js'
import { type Asked, renderFlows } from './render-flows.js'
import { UsageError } from './usage-error.js'

interface Candidate {
  readonly label: string
  readonly control: FlowControl
}

export const ps: Command = {
  summary: 'Shows running Flows, their stages and pods',
  help: `Usage: millrace ps [--flow NAME|PID|SOCKET] [--json]
       millrace ps --on kubernetes [--namespace NAME] [--context NAME]
                   [--kubeconfig FILE] [--json]
       millrace ps --on docker [--flow NAME] [--json]
       millrace ps --orphans [--remove] [--json]

Shows the Flows of this user that run on this machine: each stage with the
replicas that are ready and how many requests wait, were refused, sent again
or hedged; each pod with its state, process id, requests in flight, latency (a
moving average), requests answered and failed, restarts, and the time since its
last change of state. Of a cluster or a Docker engine it shows what those know, not
what only the gateway does.

  --flow   only this one: its name, the process id of its program, or the path
           of its control socket
  --on     where: localhost (the default), docker or kubernetes
  --namespace
           of the cluster; default: all that you may list
  --context, --kubeconfig
           which cluster; default: as kubectl chooses
  --json   an array of Flows as JSON; one that does not answer has an "error"

With --orphans it shows containers of Docker whose program has ended without
them, as by kill -9 of it, and with --remove it ends and removes them.`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, {
      ...elsewhereArguments,
      flow: { type: 'string' },
      json: { type: 'boolean' },
      orphans: { type: 'boolean' },
      remove: { type: 'boolean' },
    })
    positional(positionals)
    const { orphans: isOrphans = false, remove = false, json = false } = values
    if (remove && !isOrphans) throw new UsageError('--remove is for --orphans.')
    if (isOrphans && values.flow !== undefined) throw new UsageError('--orphans are of all Flows.')
    if (isOrphans) {
      // imported on demand: only this needs the platform's client
      const { orphans } = await import('./orphans.js')
      return orphans({ remove, json }, terminal)
    }
    const where = elsewhere(values)
    const flows = await (where === null ? here(values.flow) : there(where))
    if (values.json) terminal.out(`${JSON.stringify(flows.map(asJson), null, 2)}\n`)
    else if (flows.length === 0) terminal.out(`${noFlows(where)}\n`)
    else terminal.out(`${renderFlows(flows, terminal.colour)}\n`)
  },
}

async function here(which: string | undefined): Promise<readonly Asked[]> {
  return Promise.all((await candidates(which)).map(ask))
}

async function there(where: AttachOptions): Promise<readonly Asked[]> {
  return (await listOnPlatform(where)).map((status) => ({ state: 'answered', status }))
}

function noFlows(where: AttachOptions | null): string {
  switch (where?.on) {
    case undefined:
      return 'No Flow of this user runs on this machine.'
    case 'docker':
      return 'No Flow runs on this Docker engine.'
    case 'kubernetes': {
      const { namespace } = where
      return namespace ? `No Flow runs in namespace '${namespace}'.` : 'No Flow runs in this cluster.'
    }
  }
}

async function candidates(which: string | undefined): Promise<readonly Candidate[]> {
  if (which !== undefined) return [{ label: which, control: await connect(which) }]
  return (await listFlows()).map((flow) => ({ label: listed([flow]), control: controlAt(flow.path) }))
}

async function ask({ label, control }: Candidate): Promise<Asked> {
  try {
    return { state: 'answered', status: await control.status() }
  } catch (error) {
    return { state: 'failed', label, reason: MillraceError.from(error).message }
  }
}

function asJson(flow: Asked): object {
  return flow.state === 'answered' ? flow.status : { flow: flow.label, error: flow.reason }
}
