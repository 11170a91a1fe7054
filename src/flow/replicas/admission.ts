import { MillraceError } from '../../errors.js'
import type { Departure, Removal } from '../../gateway/events.js'
import type { GatewayHandle } from '../../gateway/host.js'
import type { Clock } from '../../lib/clock.js'
import type { Pod } from '../../pods/pod.js'
import type { ShardPlan } from '../shard-plan.js'

/** The part of the gateway that replica sets use. */
export type GatewayLink = Pick<GatewayHandle, 'add' | 'remove' | 'expect' | 'status' | 'supervise'>

/** Starts the pod of one replica. Rejects, leaving nothing running, when it fails or `signal` aborts. */
export type StartPod = (plan: ShardPlan, index: number, signal: AbortSignal) => Promise<Pod>

export interface AdmissionTools {
  readonly gateway: Promise<GatewayLink>
  readonly startPod: StartPod
  readonly clock: Clock
  /** Milliseconds that a listening pod may take to answer its first call; -1 is forever. */
  readonly timeoutReadyMs: number
}

/** The pod to start. */
export interface Wanted {
  readonly name: string
  readonly plan: ShardPlan
  readonly index: number
}

/**
 * Starts a pod; resolves when the gateway has admitted it: it has answered a real call and takes requests.
 *
 * Rejects with START_FAILED, START_TIMEOUT, or the reason of `signal`, after removing the pod and its entry in the gateway.
 */
export async function startAdmitted(
  { name, plan, index }: Wanted,
  { gateway, startPod, clock, timeoutReadyMs }: AdmissionTools,
  signal: AbortSignal,
): Promise<Pod> {
  const pod = await startPod(plan, index, signal)
  let late = false
  // stopping the pod closes its connection, which makes `add` reject
  const giveUp = (): void => void pod.stop({ graceMs: 0 })
  const onLate = (): void => {
    late = true
    giveUp()
  }
  const cancel = timeoutReadyMs < 0 ? () => {} : clock.after(timeoutReadyMs, onLate)
  signal.addEventListener('abort', giveUp)
  try {
    signal.throwIfAborted()
    await (await gateway).add(plan.set, name, pod.address)
    signal.throwIfAborted()
    return pod
  } catch (error) {
    await unlist({ name, plan }, gateway, { graceMs: 0 })
    const { expected, reason, output } = await pod.stop({ graceMs: 0 })
    const where = { deployment: plan.name, pod: name }
    if (late) {
      throw new MillraceError('START_TIMEOUT', `${name} did not answer within ${timeoutReadyMs} ms.`, {
        where,
      })
    }
    if (expected) throw MillraceError.from(error, 'START_FAILED')
    const message = `${name} ${reason} before it had answered a call.${lastLines(output)}`
    throw new MillraceError('START_FAILED', message, { output, where, cause: error })
  } finally {
    cancel()
    signal.removeEventListener('abort', giveUp)
  }
}

/**
 * Removes a pod from the gateway's list; null when the gateway does not know it. Never rejects: a gateway that did not start or
 * has closed knows no pods.
 */
export async function unlist(
  { name, plan }: Pick<Wanted, 'name' | 'plan'>,
  gateway: Promise<GatewayLink>,
  removal: Removal,
): Promise<Departure | null> {
  return gateway.then((link) => link.remove(plan.set, name, removal)).catch(() => null)
}

/** A pod's last output, formatted to be appended to a message. */
export function lastLines(output: readonly string[]): string {
  return output.length === 0 ? '' : ` Its last output:\n${output.map((line) => `  ${line}`).join('\n')}`
}
