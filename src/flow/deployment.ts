import { MillraceError } from '../errors.js'
import type { GatewayHandle } from '../gateway/host.js'
import type { FlowPlan, StagePlan } from '../plan/flow-plan.js'
import { type StartOptions, startPod } from '../pods/index.js'
import type { Exit, Pod } from '../pods/pod.js'
import { podSpec } from './pod-spec.js'

export interface DeploymentHooks {
  /** A line that a pod printed, prefix included. */
  onLine(line: string): void
  /** A pod ended that nobody asked to end. */
  onLost(pod: Pod, exit: Exit): void
}

/** One stage that runs: its pods, and the gateway that is told about them. */
export class Deployment {
  readonly plan: StagePlan
  readonly #flow: FlowPlan
  readonly #gateway: Promise<GatewayHandle>
  readonly #hooks: DeploymentHooks
  readonly #pods = new Map<number, Pod>()

  constructor(plan: StagePlan, flow: FlowPlan, gateway: Promise<GatewayHandle>, hooks: DeploymentHooks) {
    this.plan = plan
    this.#flow = flow
    this.#gateway = gateway
    this.#hooks = hooks
  }

  get name(): string {
    return this.plan.name
  }

  get replicas(): number {
    return this.#pods.size
  }

  get pods(): readonly Pod[] {
    return [...this.#pods.values()]
  }

  /**
   * Starts pods until there are `count`, all at once; each is admitted after it has answered a real call.
   * When one fails, those it started are stopped again and the first failure is thrown.
   */
  async grow(
    count: number,
    options: { readonly signal: AbortSignal; readonly onReady?: () => void },
  ): Promise<void> {
    const indexes = this.#freeIndexes(count - this.#pods.size)
    const cancel = new AbortController()
    const signal = AbortSignal.any([options.signal, cancel.signal])
    const outcomes = await Promise.allSettled(
      indexes.map(async (index) => {
        try {
          await this.#start(index, count, signal)
          options.onReady?.()
        } catch (error) {
          cancel.abort(error)
          throw error
        }
      }),
    )
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected')
    if (failed.length === 0) return
    await this.#discard(indexes)
    throw firstCause(
      failed.map((outcome) => outcome.reason),
      cancel.signal.reason,
    )
  }

  /** Takes the youngest pods away until `count` are left: no new requests, those under way end, the pod closes. */
  async shrink(count: number, graceMs: number): Promise<void> {
    const leaving = [...this.#pods.keys()]
      .sort((a, b) => b - a)
      .slice(0, Math.max(0, this.#pods.size - count))
    await Promise.all(leaving.map((index) => this.#retire(index, graceMs)))
  }

  /** Ends every pod; the gateway sends nothing any more. */
  async close(graceMs: number): Promise<void> {
    const pods = this.pods
    this.#pods.clear()
    await Promise.all(pods.map((pod) => pod.stop({ graceMs })))
  }

  async #start(index: number, replicas: number, signal: AbortSignal): Promise<void> {
    const pod = await startPod(
      this.plan.runtime,
      podSpec(this.#flow, this.plan, { index, replicas }),
      this.#startOptions(signal),
    )
    this.#pods.set(index, pod)
    void pod.exited.then((exit) => this.#forget(index, pod, exit))
    const gateway = await this.#gateway
    await gateway.add(this.name, pod.name, pod.address)
  }

  #startOptions(signal: AbortSignal): StartOptions {
    const { source } = this.plan
    const onLine = (line: string): void => this.#hooks.onLine(line)
    return source.kind === 'pass-through' || source.executorClass === null
      ? { signal, onLine }
      : { signal, onLine, executorClass: source.executorClass }
  }

  async #retire(index: number, graceMs: number): Promise<void> {
    const pod = this.#pods.get(index)
    if (pod === undefined) return
    this.#pods.delete(index)
    // a gateway that did not start knows no pod
    await this.#gateway.then(
      (gateway) => gateway.remove(this.name, pod.name, { graceMs }),
      () => {},
    )
    await pod.stop({ graceMs })
  }

  async #discard(indexes: readonly number[]): Promise<void> {
    await Promise.all(indexes.map((index) => this.#retire(index, 0)))
  }

  #forget(index: number, pod: Pod, exit: Exit): void {
    if (this.#pods.get(index) !== pod) return
    this.#pods.delete(index)
    this.#hooks.onLost(pod, exit)
  }

  #freeIndexes(count: number): number[] {
    const free: number[] = []
    for (let index = 0; free.length < count; index++) if (!this.#pods.has(index)) free.push(index)
    return free
  }
}

/** The failure that made the others give up. */
function firstCause(reasons: readonly unknown[], cause: unknown): MillraceError {
  return MillraceError.from(reasons.includes(cause) ? cause : reasons[0], 'START_FAILED')
}
