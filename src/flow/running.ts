import type { Profiled, RolledOut, Scaled } from '../control/controlled.js'
import type { LogLines, LogQuestion } from '../control/log-question.js'
import type { FlowStatus, ListenerStatus } from '../control/status.js'
import { MillraceError } from '../errors.js'
import type { GatewayEvent, StageLoad } from '../gateway/events.js'
import { authority, reachable } from '../lib/authority.js'
import { systemClock } from '../lib/clock.js'
import type { ProfileOrder } from '../observe/profile/profile-order.js'
import type { FlowPlan, StagePlan } from '../plan/flow-plan.js'
import { entryOf, listenersOf } from '../plan/listeners.js'
import type { Channel } from '../transport/transport.js'
import { announce, announceOpen } from './banner.js'
import type { Deployment, ScaleOptions } from './deployment.js'
import { logLines } from './log-lines.js'
import { type FlowParts, startParts, stopParts } from './parts.js'
import { podControl } from './pod-control.js'
import { podKind } from './pod-kind.js'
import type { PodControl } from './pods-of.js'
import { profileTarget } from './profiling.js'
import type { ReplicaSet } from './replicas/replica-set.js'
import { Autoscaling } from './scaling/autoscaling.js'
import { shardPlan } from './shard-plan.js'
import { foreignStatus } from './status.js'

/** A running Flow: its gateway and its deployments. */
export class RunningFlow {
  /** Its listeners with their actual ports. */
  readonly listeners: readonly ListenerStatus[]
  readonly #plan: FlowPlan
  readonly #parts: FlowParts
  /** Replica sets by shard name. */
  readonly #sets: ReadonlyMap<string, ReplicaSet>
  readonly #autoscaling: Autoscaling
  #closed: Promise<void> | null = null

  private constructor(plan: FlowPlan, parts: FlowParts) {
    const { gateway, deployments, logger } = parts
    this.#plan = plan
    this.#parts = parts
    this.listeners = listenersOf(plan.settings).map((listener, index) => ({
      ...listener,
      port: gateway.ports[index]!,
      tls: plan.settings.tls !== null,
    }))
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
    return new RunningFlow(plan, await startParts(plan, signal))
  }

  /** The port where metrics are served; null when they are off. */
  get metricsPort(): number | null {
    return this.#parts.gateway.metricsPort
  }

  /** Address of its gateway, for a client of this machine. */
  get address(): string {
    const { scheme, host, port } = entryOf(this.listeners)
    return `${scheme}://${authority(reachable(host), port)}`
  }

  /** Reports SERVING to health checks, and prints the banner. */
  async announce(): Promise<void> {
    await this.#parts.gateway.ready()
    const { settings } = this.#plan
    if (settings.quiet) return
    announce(settings, { listeners: this.listeners, metricsPort: this.metricsPort }, this.#parts.logger)
    announceOpen(settings, this.listeners, this.#parts.logger)
  }

  /** Opens a channel to the gateway for a client in this program. */
  connect(): Promise<Channel> {
    return this.#parts.gateway.connect()
  }

  scale(name: string, replicas: number, options: ScaleOptions = {}): Promise<Scaled> {
    return this.#deployment(name, 'scale').scale(replicas, options)
  }

  rollingUpdate(name: string, usesWith: StagePlan['usesWith']): Promise<RolledOut> {
    return this.#deployment(name, 'update').rollingUpdate(usesWith)
  }

  profile(target: string, order: ProfileOrder): Promise<Profiled> {
    const { gateway, deployments } = this.#parts
    return profileTarget(target, order, { gateway, deployments, stages: this.#plan.stages })
  }

  replicasOf(name: string): number {
    return this.#parts.deployments.get(name)?.replicas ?? 0
  }

  /** Resolves after the next change of the state of a replica; never rejects. */
  changed(): Promise<void> {
    return this.#parts.changes.next()
  }

  async status(): Promise<FlowStatus> {
    const [reports, refusedByRate] = await Promise.all([
      this.#parts.gateway.status(),
      this.#parts.gateway.refusedByRate(),
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

  /** @throws NOT_FOUND, INVALID_OPTION */
  logs(question: LogQuestion): LogLines {
    return logLines(this.#parts.log, this.#plan, question)
  }

  /** Pods that take requests. */
  pods(): readonly PodControl[] {
    return [...this.#parts.deployments.values()].flatMap(({ plan, all }) =>
      all.flatMap(({ running, pod }) =>
        running && pod !== null ? [podControl(plan.name, podKind(plan), pod)] : [],
      ),
    )
  }

  /** `graceMs`: for requests in flight; default that of the plan. */
  close({ graceMs = this.#plan.settings.graceMs }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#autoscaling.close()
    this.#closed ??= stopParts(this.#parts, graceMs)
    return this.#closed
  }

  #statusOf(stage: StagePlan, loads: ReadonlyMap<string, StageLoad>): FlowStatus['stages'][number] {
    const own = this.#parts.deployments.get(stage.name)
    if (own !== undefined) return own.status(loads)
    const names = Array.from({ length: stage.shards }, (_, shard) => shardPlan(stage, shard).set)
    return foreignStatus(
      stage,
      names.flatMap((name) => loads.get(name) ?? []),
    )
  }

  #deployment(name: string, change: string): Deployment {
    const deployment = this.#parts.deployments.get(name)
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
        this.#parts.logger.warn(`the gateway lost ${event.pod}: ${event.reason}`)
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
