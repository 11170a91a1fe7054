/**
 * One pod behind its own gateway; this is what a container runs. Both end together. The platform counts and replaces
 * containers.
 *
 * 1. A failed start leaves nothing running.
 * 2. When the pod exits, the gateway refuses all pending requests before `ended` resolves.
 */
import type { GatewayEvent } from '../gateway/events.js'
import { type GatewayHandle, startGateway } from '../gateway/host.js'
import type { GatewaySpec } from '../gateway/spec.js'
import { systemClock } from '../lib/clock.js'
import { closeInTurn } from '../lib/close-in-turn.js'
import { type Logger, programLogger } from '../observe/logger.js'
import type { FlowPlan } from '../plan/flow-plan.js'
import type { Fault } from '../pods/fault.js'
import { startPod } from '../pods/index.js'
import type { Exit, Pod } from '../pods/pod.js'
import { within } from '../pods/running-pod.js'
import { startAdmitted, unlist } from './replicas/admission.js'
import { gatewaySpec } from './gateway-spec.js'
import { HangDetector } from './healing/hang-detector.js'
import { podKind } from './pod-kind.js'
import { podSpec } from './pod-spec.js'
import { type ShardPlan, shardPlan } from './shard-plan.js'
import { WorkspaceHold } from '../workspace/hold.js'

/** How long the gateway may take to read the last answers of a pod that has exited. */
const lastAnswersMs = 1000

/** How long a pod that lost its connection may take to exit by itself. */
const lostMs = 10_000

export interface LoneOptions {
  readonly replica: number
  readonly replicas: number
  readonly hold: WorkspaceHold
  /** Cancels the start. */
  readonly signal: AbortSignal
  /** Called for each line the pod prints. */
  onLine(line: string): void
}

interface Parts {
  readonly plan: FlowPlan
  readonly stage: ShardPlan
  readonly gateway: GatewayHandle
  readonly pod: Pod
  readonly hold: WorkspaceHold
  readonly logger: Logger
}

export class LonePod {
  readonly name: string
  /** The ports of its listeners, in their order. */
  readonly ports: readonly number[]
  /** Resolves when the pod has exited, by itself or because it was closed. Never rejects. */
  readonly ended: Promise<Exit>
  readonly #parts: Parts
  readonly #hangDetector: HangDetector | null
  #closed: Promise<void> | null = null

  private constructor(parts: Parts) {
    const { stage, gateway, pod, logger } = parts
    this.name = pod.name
    this.ports = gateway.ports
    this.#parts = parts
    this.#hangDetector =
      stage.liveness && new HangDetector(podKind(stage), stage.liveness, { clock: systemClock, logger })
    this.ended = this.#end()
    gateway.onEvent((event) => this.#hear(event))
  }

  /** Starts a plan of one stage. Rejects as the start of a Flow does; until it resolves, the caller owns the hold. */
  static async start(plan: FlowPlan, options: LoneOptions): Promise<LonePod> {
    const { hold, replica, replicas, onLine } = options
    // no retries here: the caller's gateway retries on another replica
    const [planned] = plan.stages.map((stage) => ({ ...stage, retries: 0 }))
    const stage = shardPlan(planned!, 0)
    let lone: LonePod | undefined
    // when either start fails, the other one is cancelled
    const failed = new AbortController()
    const signal = AbortSignal.any([options.signal, failed.signal])
    const giveUp = (error: unknown): never => {
      failed.abort(error)
      throw error
    }
    const listening = startGateway(unfiltered(gatewaySpec({ ...plan, stages: [stage] })), { signal })
    const spec = podSpec(plan, stage, { index: replica, replicas, holder: hold.holder })
    const starting = startAdmitted(
      { name: spec.name, plan: stage, index: replica },
      {
        gateway: listening,
        clock: systemClock,
        timeoutReadyMs: spec.timeoutReadyMs,
        startPod: (_plan, _index, abort) =>
          startPod(podKind(stage), spec, {
            signal: abort,
            onLine,
            isClosing: () => lone?.isClosing === true,
          }),
      },
      signal,
    )
    try {
      const [gateway, pod] = await Promise.all([listening.catch(giveUp), starting.catch(giveUp)])
      await gateway.ready()
      signal.throwIfAborted()
      const logger = programLogger(spec.name)
      return (lone = new LonePod({ plan, stage, gateway, pod, hold, logger }))
    } catch (error) {
      await starting.then((pod) => pod.stop({ graceMs: 0 }), ignore)
      await listening.then((gateway) => gateway.close({ graceMs: 0 }), ignore)
      throw options.signal.aborted ? options.signal.reason : error
    }
  }

  get isClosing(): boolean {
    return this.#closed !== null
  }

  fault(fault: Fault): void {
    this.#parts.pod.fault(fault)
  }

  /** Waits up to `graceMs` for requests in flight, then stops. `isLast`: no other pod of the Flow uses the workspace. Idempotent. */
  close({ graceMs, isLast }: { readonly graceMs: number; readonly isLast: boolean }): Promise<void> {
    this.#closed ??= this.#close(graceMs, isLast)
    return this.#closed
  }

  async #close(graceMs: number, isLast: boolean): Promise<void> {
    const { gateway, pod, hold } = this.#parts
    try {
      await closeInTurn(
        [(ms) => gateway.close({ graceMs: ms }), async (ms) => void (await pod.stop({ graceMs: ms }))],
        graceMs,
        systemClock,
      )
    } finally {
      hold.close({ isLast })
    }
  }

  async #end(): Promise<Exit> {
    const { stage, gateway, pod } = this.#parts
    const exit = await pod.exited
    if (exit.expected) return exit
    const why = `${pod.name} ${exit.reason}.`
    await gateway.expect(stage.set, { expecting: false, why }).catch(() => {})
    await unlist({ name: pod.name, plan: stage }, Promise.resolve(gateway), { graceMs: lastAnswersMs, exit })
    return exit
  }

  #hear(event: GatewayEvent): void {
    const { pod } = this.#parts
    if (event.kind === 'silent') this.#hangDetector?.silent(pod, event.silentMs)
    else if (event.kind === 'lost') void this.#lost()
  }

  async #lost(): Promise<void> {
    const { pod, logger } = this.#parts
    if (await within(pod.exited, lostMs, systemClock)) return
    logger.warn(`${pod.name} is alive but lost its connection; killing it.`)
    pod.kill()
  }
}

function ignore(): void {}

/** The gateway in front, which calls this one, has left out what the pod must not see. */
function unfiltered(spec: GatewaySpec): GatewaySpec {
  return {
    ...spec,
    metricsPod: `${spec.name}/gateway`,
    stages: spec.stages.map((stage) => ({ ...stage, forwardHeaders: 'unfiltered' })),
  }
}
