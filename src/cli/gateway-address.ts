import { connect } from '../control/connect.js'
import type { FlowStatus } from '../control/status.js'
import { MillraceError } from '../errors.js'
import { authority, reachable } from '../lib/authority.js'
import { entriesOf } from '../plan/listeners.js'

/** Where the gateway of a running Flow of this machine is reached. @throws NOT_FOUND, INVALID_OPTION */
export async function gatewayAddress(flow: string | undefined): Promise<string> {
  const control = await connect(flow)
  return addressIn(await control.status())
}

/** The first port that speaks gRPC, else HTTP, else WebSocket. @throws NOT_FOUND when the gateway has no port. */
export function addressIn({ name, listeners }: Pick<FlowStatus, 'name' | 'listeners'>): string {
  const [entry] = entriesOf(listeners)
  if (entry === undefined) throw new MillraceError('NOT_FOUND', `Flow '${name}' has no port. Say --host.`)
  const { scheme, host, port } = entry
  return `${scheme}://${authority(host === '::' ? '::1' : reachable(host), port)}`
}
