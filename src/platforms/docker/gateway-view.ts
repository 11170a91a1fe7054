import { withoutBrackets } from '../../lib/authority.js'
import type { FlowStatus, StageStatus } from '../../control/status.js'
import { Container } from '../../docker-engine/container.js'
import type { Engine } from '../../docker-engine/engine.js'
import { execIn } from '../../docker-engine/exec.js'
import { flowLabels } from './names.js'

/** The container of a Flow's gateway; null without one. */
export async function gatewayOf(engine: Engine, flow: string): Promise<Container | null> {
  const [found] = await Container.list(engine, { [flowLabels.flow]: flow, [flowLabels.part]: 'gateway' })
  return found ?? null
}

/**
 * The Flow's status as its gateway reports it, asked inside the container: every stage is external, and its replicas are
 * addresses. Null when the gateway does not answer.
 */
export async function gatewayView(engine: Engine, gateway: Container): Promise<FlowStatus | null> {
  try {
    const { code, stdout } = await execIn(engine, gateway.id, ['millrace', 'ps', '--json'])
    const [status] = (code === 0 ? JSON.parse(stdout) : []) as readonly (
      | FlowStatus
      | { readonly error: string }
    )[]
    return status === undefined || 'error' in status ? null : status
  } catch {
    return null // it is starting, restarting or has exited, which callers check themselves
  }
}

/** Addresses of a shard's replicas that take requests. */
export function readyAddresses(stage: StageStatus | undefined, shard: number): ReadonlySet<string> {
  if (stage === undefined) return new Set()
  const set = stage.shards[shard]
  const own = stage.pods.filter(({ name }) => set !== undefined && name.startsWith(`${set.name}/`))
  const ready = own.filter(({ state }) => state === 'ready' || state === 'probing')
  return new Set(ready.map(({ name }) => addressOf(name)))
}

/** `172.18.0.3` for `indexer/shard-1/172.18.0.3:8080`; an IPv6 address `[fd00::3]:8080` without its brackets. */
export function addressOf(pod: string): string {
  return withoutBrackets(pod.slice(pod.lastIndexOf('/') + 1).replace(/:\d+$/, ''))
}
