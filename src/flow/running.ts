import { MillraceError } from '../errors.js'
import type { GatewayEvent, StageLoad } from '../gateway/events.js'
import { type GatewayHandle, startGateway } from '../gateway/host.js'
import { Changes } from '../lib/changes.js'
import { systemClock } from '../lib/clock.js'
import { authority, reachable } from '../lib/authority.js'
import { closeInTurn } from '../lib/close-in-turn.js'
import type { ProfileOrder } from '../observe/profile/profile-order.js'
import { requireOpenTelemetry } from '../observe/tracing/packages.js'
import { type Logger, programLogger } from '../observe/logger.js'
import type { FlowPlan, StagePlan } from '../plan/flow-plan.js'
import { entryOf, listenersOf } from '../plan/listeners.js'
import { hangingIn, lastOf } from '../topology/graph.js'
import { noStreams, segmentsOf } from '../topology/segments.js'
import type { Channel } from '../transport/transport.js'
import { announce, announceOpen } from './banner.js'
import type { Profiled, RolledOut, Scaled } from '../control/controlled.js'
import type { FlowStatus, ListenerStatus } from '../control/status.js'
import type { Deployment, ScaleOptions } from './deployment.js'
import { createDeployments, type Deployments, replicasAtStart } from './deployments.js'
import { gatewaySpec, programReducers } from './gateway-spec.js'
import { podControl } from './pod-control.js'
import { profileTarget } from './profiling.js'
import { podKind } from './pod-kind.js'
import { checkPythonStages } from './python.js'
import type { PodControl } from './pods-of.js'
import type { ReplicaSet } from './replicas/replica-set.js'
import { Autoscaling } from './scaling/autoscaling.js'
import { shardPlan } from './shard-plan.js'
import { foreignStatus } from './status.js'
import { WaitingLine } from './waiting.js'
import { WorkspaceHold } from '../workspace/hold.js'

interface Parts {
  readonly gateway: GatewayHandle
  readonly deployments: Deployments
  readonly hold: WorkspaceHold
  readonly logger: Logger
  readonly changes: Changes
}

/** A running Flow: its gateway and its deployments. */
export class RunningFlow {
  /** Its listeners with their actual ports. */
  readonly listeners: readonly ListenerStatus[]
  readonly #plan: FlowPlan
  readonly #gateway: GatewayHandle
  readonly #deployments: Deployments
  /** Replica sets by shard name. */
  readonly #sets: ReadonlyMap<string, ReplicaSet>
  readonly #hold: WorkspaceHold
  readonly #autoscaling: Autoscaling
  readonly #logger: Logger
  readonly #changes: Changes
  #closed: Promise<void> | null = null

  private constructor(plan: FlowPlan, { gateway, deployments, hold, logger, changes }: Parts) {
    this.listeners = listenersOf(plan.settings).map((listener, index) => ({
      ...listener,
      port: gateway.ports[index]!,
      tls: plan.settings.tls !== null,
    }))
    this.#plan = plan
    this.#gateway = gateway
    this.#deployments = deployments
    this.#hold = hold
    this.#logger = logger
    this.#changes = changes
    this.#sets = new Map([...deployments.values()].flatMap(({ sets }) => sets.map((set) => [set.name, set])))
    this.#autoscaling = new Autoscaling(this.#sets.values(), {
      status: () => gateway.status(),
      clock: systemClock,
      logger,
    })
    gateway.onEvent((event) => this.#hear(event))
    void gateway.ended.then(({ expected, reason }) => {
      if (!expected) logger.error(`the gateway ended: ${reason}`)
    })
  }

  /**
   * Starts the gateway and all pods concurrently; a pod is admitted when both are up.
   * When anything fails or `signal` aborts, everything that was started is stopped before the failure is thrown.
   */
  static async start(plan: FlowPlan, signal: AbortSignal): Promise<RunningFlow> {
    const { settings } = plan
    if (settings.tracing !== null) requireOpenTelemetry()
    await checkPythonStages(plan, signal)
    const logger = programLogger(settings.name)
    warnOfEnds(plan, logger)
    noteStreams(plan, logger)
    const listening = startGateway(gatewaySpec(plan), { reducers: programReducers(plan), signal })
    const hold = new WorkspaceHold(settings.name, systemClock)
    const changes = new Changes()
    const deployments = createDeployments(plan, {
      gateway: listening,
      holder: hold.holder,
      logger,
      changed: () => changes.note(),
    })
    const counts = [...deployments.values()].map(
      ({ plan: stage }) => [stage, replicasAtStart(stage)] as const,
    )
    const pending = new Map(counts.map(([stage, count]) => [stage.name, count * stage.shards]))
    const waiting = settings.quiet
      ? null
      : new WaitingLine(pending, { stream: process.stderr, clock: systemClock, logger })
    const growing = counts.map(([{ name }, count]) =>
      deployments.get(name)!.scale(count, { onReady: () => waiting?.ready(name) }),
    )
    const giveUp = (): void => {
      for (const deployment of deployments.values()) deployment.freeze()
    }
    signal.addEventListener('abort', giveUp)
    try {
      await settleAll([listening, ...growing], giveUp)
      signal.throwIfAborted()
      return new RunningFlow(plan, { gateway: await listening, deployments, hold, logger, changes })
    } catch (error) {
      const gateway = await listening.catch(() => null)
      await stopAll({ gateway, deployments, hold }, 0)
      throw signal.aborted ? signal.reason : error
    } finally {
      signal.removeEventListener('abort', giveUp)
      waiting?.close()
    }
  }

  /** The port where metrics are served; null when they are off. */
  get metricsPort(): number | null {
    return this.#gateway.metricsPort
  }

  /** Address of its gateway, for a client of this machine. */
  get address(): string {
    const { scheme, host, port } = entryOf(this.listeners)
    return `${scheme}://${authority(reachable(host), port)}`
  }

  /** Reports SERVING to health checks, and prints the banner. */
  async announce(): Promise<void> {
    await this.#gateway.ready()
    const { settings } = this.#plan
    if (settings.quiet) return
    announce(settings, { listeners: this.listeners, metricsPort: this.metricsPort }, this.#logger)
    announceOpen(settings, this.listeners, this.#logger)
  }

  /** Opens a channel to the gateway for a client in this program. */
  connect(): Promise<Channel> {
    return this.#gateway.connect()
  }

  scale(name: string, replicas: number, options: ScaleOptions = {}): Promise<Scaled> {
    return this.#deployment(name, 'scale').scale(replicas, options)
  }

  rollingUpdate(name: string, usesWith: StagePlan['usesWith']): Promise<RolledOut> {
    return this.#deployment(name, 'update').rollingUpdate(usesWith)
  }

  profile(target: string, order: ProfileOrder): Promise<Profiled> {
    const { stages } = this.#plan
    return profileTarget(target, order, { gateway: this.#gateway, deployments: this.#deployments, stages })
  }

  replicasOf(name: string): number {
    return this.#deployments.get(name)?.replicas ?? 0
  }

  /** Resolves after the next change of the state of a replica; never rejects. */
  changed(): Promise<void> {
    return this.#changes.next()
  }

  async status(): Promise<FlowStatus> {
    const [reports, refusedByRate] = await Promise.all([
      this.#gateway.status(),
      this.#gateway.refusedByRate(),
    ])
    const loads = new Map(reports.map((load) => [load.name, load]))
    const stages = this.#plan.stages.map((stage) => this.#statusOf(stage, loads))
    const [{ port } = { port: null }] = this.listeners
    return {
      name: this.#plan.settings.name,
      on: 'localhost',
      pid: process.pid,
      port,
      listeners: this.listeners,
      ...(refusedByRate !== null && { refusedByRate }),
      stages,
    }
  }

  /** Pods that take requests. */
  pods(): readonly PodControl[] {
    return [...this.#deployments.values()].flatMap(({ plan, all }) =>
      all.flatMap(({ running, pod }) =>
        running && pod !== null ? [podControl(plan.name, podKind(plan), pod)] : [],
      ),
    )
  }

  /** `graceMs`: for requests in flight; default that of the plan. */
  close({ graceMs = this.#plan.settings.graceMs }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#autoscaling.close()
    const parts = { gateway: this.#gateway, deployments: this.#deployments, hold: this.#hold }
    this.#closed ??= stopAll(parts, graceMs)
    return this.#closed
  }

  #statusOf(stage: StagePlan, loads: ReadonlyMap<string, StageLoad>): FlowStatus['stages'][number] {
    const own = this.#deployments.get(stage.name)
    if (own !== undefined) return own.status(loads)
    const names = Array.from({ length: stage.shards }, (_, shard) => shardPlan(stage, shard).set)
    return foreignStatus(
      stage,
      names.flatMap((name) => loads.get(name) ?? []),
    )
  }

  #deployment(name: string, change: string): Deployment {
    const deployment = this.#deployments.get(name)
    if (deployment !== undefined) return deployment
    throw new MillraceError(
      'UNSUPPORTED',
      `stage '${name}' has no replicas of its own to ${change}: it has no uses, or is external.`,
    )
  }

  #hear(event: GatewayEvent): void {
    switch (event.kind) {
      case 'lost': {
        // pods may leave before the Flow has closed: they got the signal too
        if (this.#closed !== null) return
        this.#logger.warn(`the gateway lost ${event.pod}: ${event.reason}`)
        void this.#sets.get(event.stage)?.lost(event.pod, event.reason) // never rejects
        return
      }
      case 'silent':
        this.#sets.get(event.stage)?.silent(event.pod, event.silentMs)
        return
      case 'demand':
        this.#autoscaling.demand(event.stage)
    }
  }
}

/** Says which stages are ends whose answers nobody gets, as Jina does. */
function warnOfEnds({ stages }: FlowPlan, logger: Logger): void {
  const last = lastOf(stages)?.name
  for (const { name } of hangingIn(stages)) {
    logger.warn(
      `stage '${name}' is an end that no stage needs: clients get the answer of '${last}', and do not wait for '${name}'. Join the ends with needsAll(), or say floating: true if that is meant.`,
    )
  }
}

/** Says which stage keeps streams out. */
function noteStreams({ stages }: FlowPlan, logger: Logger): void {
  const divided = segmentsOf(stages)
  if (divided.kind === 'crossing') logger.info(noStreams(divided.stage).message)
}

/** Waits for all promises to settle; calls `giveUp` at the first failure, and throws that failure at the end. */
async function settleAll(all: readonly Promise<unknown>[], giveUp: () => void): Promise<void> {
  const failures: unknown[] = []
  const note = (error: unknown): void => {
    if (failures.push(error) === 1) giveUp()
  }
  await Promise.all(all.map((one) => one.catch(note)))
  if (failures.length > 0) throw MillraceError.from(failures[0], 'START_FAILED')
}

/** Closes the gateway first, so that requests in flight still reach their pods; releases workspaces last, when nothing writes to them. */
async function stopAll(
  {
    gateway,
    deployments,
    hold,
  }: Omit<Parts, 'gateway' | 'logger' | 'changes'> & { gateway: GatewayHandle | null },
  graceMs: number,
): Promise<void> {
  for (const deployment of deployments.values()) deployment.freeze()
  try {
    await closeInTurn(
      [
        async (ms) => gateway?.close({ graceMs: ms }),
        async (ms) => {
          await Promise.all([...deployments.values()].map((deployment) => deployment.close(ms)))
        },
      ],
      graceMs,
      systemClock,
    )
  } finally {
    hold.close()
  }
}
