import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { controlAt, type FlowControl } from './client.js'
import { plainName } from './socket-name.js'
import { type FlowSocket, listFlows } from './sockets.js'

/**
 * Finds a running Flow by name, process id, or path of its control socket; without an argument, the only running Flow.
 *
 * @throws NOT_FOUND when none matches, listing the running Flows.
 * @throws INVALID_OPTION when several match.
 */
export async function connect(which?: string): Promise<FlowControl> {
  if (which?.includes('/')) return controlAt(which)
  return controlAt(chooseFlow(await listFlows(), which).path)
}

/** Chooses from a list as `connect` does. */
export function chooseFlow(flows: readonly FlowSocket[], which?: string): FlowSocket {
  const fitting = flows.filter((flow) => which === undefined || fits(flow, which))
  const [only] = fitting
  if (only === undefined) throw nothingFits(flows, which)
  if (fitting.length === 1) return only
  const several = which === undefined ? 'Several Flows run' : `Several Flows are '${which}'`
  const choices = fitting.map((flow) => told(flow, flows)).join(', ')
  throw new MillraceError('INVALID_OPTION', `${several}: ${choices}. Choose one with --flow.`)
}

/** For messages: `shop (pid 4711), flow (pid 4712)`. */
export function listed(flows: readonly FlowSocket[]): string {
  return flows.map(({ name, pid }) => `${name} (pid ${pid})`).join(', ')
}

/** What identifies the Flow: Flows of one program may share a name. */
function told(flow: FlowSocket, flows: readonly FlowSocket[]): string {
  const others = flows.filter((other) => other !== flow)
  const isUnique = (key: 'name' | 'pid'): boolean => others.every((other) => other[key] !== flow[key])
  return isUnique('name') || isUnique('pid') ? listed([flow]) : flow.path
}

function fits(flow: FlowSocket, which: string): boolean {
  return flow.name === plainName(which) || String(flow.pid) === which
}

function nothingFits(flows: readonly FlowSocket[], which: string | undefined): MillraceError {
  if (flows.length === 0) {
    return new MillraceError(
      'NOT_FOUND',
      'No Flow of this user runs on this machine, or none with control: true.',
    )
  }
  const hint = nearest(
    which ?? '',
    flows.map((flow) => flow.name),
  )
  const advice = hint === undefined ? '' : ` Did you mean '${hint}'?`
  return new MillraceError('NOT_FOUND', `No Flow '${which}' runs.${advice} There runs: ${listed(flows)}.`)
}
