import type { FlowStatus, StageStatus } from '../../control/status.js'
import { Container } from '../../docker-engine/container.js'
import type { Engine } from '../../docker-engine/engine.js'
import { execIn } from '../../docker-engine/exec.js'
import { flowLabels } from './names.js'

/** The gateway's container of a Flow; null when there is none. */
export async function gatewayOf(engine: Engine, flow: string): Promise<Container | null> {
  const [found] = await Container.list(engine, { [flowLabels.flow]: flow, [flowLabels.part]: 'gateway' })
  return found ?? null
}

/**
 * The Flow as its gateway sees it, asked in its container: every stage is external there, and its replicas are addresses. Null
 * when it does not answer at the moment.
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
    return null // it starts, restarts or has ended: whoever asks looks at that
  }
}

/** Addresses of the replicas that take requests of a shard. */
export function readyAddresses(stage: StageStatus | undefined, shard: number): ReadonlySet<string> {
  if (stage === undefined) return new Set()
  const set = stage.shards[shard]
  const own = stage.pods.filter(({ name }) => set !== undefined && name.startsWith(`${set.name}/`))
  const ready = own.filter(({ state }) => state === 'ready' || state === 'probing')
  return new Set(ready.map(({ name }) => addressOf(name)))
}

/** `indexer/shard-1/172.18.0.3:8080` is at 172.18.0.3. */
export function addressOf(pod: string): string {
  return pod.slice(pod.lastIndexOf('/') + 1).replace(/:\d+$/, '')
}
