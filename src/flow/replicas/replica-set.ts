/**
 * One running shard of a stage: manages its replicas and keeps the gateway informed. A stage without shards has one.
 *
 * 1. Requested changes to the number or plan of replicas run one at a time (`SerialQueue`); of waiting `scale()` calls the last
 *    one wins.
 * 2. The gateway always knows whether a stage without replicas will get one (`StageHealth`).
 * 3. After `close()` nothing starts; when it has resolved nothing is left.
 */
import type { RolledOut, Scaled } from '../../control/controlled.js'
import type { PodStatus } from '../../control/status.js'
import { MillraceError } from '../../errors.js'
import type { StageLoad } from '../../gateway/events.js'
import { type Clock, systemClock } from '../../lib/clock.js'
import type { Pod } from '../../pods/pod.js'
import { within } from '../../pods/running-pod.js'
import { Fleet, type FleetTools } from './fleet.js'
import { HangDetector } from '../healing/hang-detector.js'
import { StageHealth } from '../healing/stage-health.js'
import { RestartBudget } from '../healing/restart-budget.js'
import { podKind } from '../pod-kind.js'
import { Census } from './census.js'
import type { Replica } from './replica.js'
import { rollOut } from '../scaling/rolling-update.js'
import { SerialQueue } from '../../lib/serial-queue.js'
import type { ShardPlan } from '../shard-plan.js'
import { podStatuses } from '../status.js'

/** How long a pod that lost its connection may take to exit by itself: its Executor may be closing. */
const lostMs = 10_000

export interface ReplicaSetTools
  extends Pick<FleetTools, 'gateway' | 'startPod' | 'logger' | 'timeoutReadyMs' | 'graceMs' | 'changed'> {
  /** Default: the system clock. */
  readonly clock?: Clock
  /** In [0, 1); default `Math.random`. */
  readonly random?: () => number
}

export class ReplicaSet {
  #plan: ShardPlan
  readonly #fleet: Fleet
  readonly #health: StageHealth
  readonly #hangDetector: HangDetector | null
  readonly #changes = new SerialQueue()
  readonly #tools: ReplicaSetTools
  readonly #clock: Clock
  /** Replicas of the `#grow` in progress. */
  #growing: readonly Replica[] = []
  /** Number of `scale()` calls so far. */
  #calls = 0
  readonly #census: Census

  constructor(plan: ShardPlan, tools: ReplicaSetTools) {
    const { clock = systemClock, random = Math.random, logger } = tools
    const budget = new RestartBudget(plan.restarts, clock)
    this.#plan = plan
    this.#tools = tools
    this.#clock = clock
    this.#health = new StageHealth(plan.set, { ...tools, budget })
    const census = new Census(plan.set, tools.gateway)
    this.#census = census
    const healed = (): void => census.healed()
    this.#fleet = new Fleet({
      ...tools,
      stage: plan.set,
      clock,
      random,
      budget,
      health: this.#health,
      healed,
    })
    this.#hangDetector = plan.liveness && new HangDetector(podKind(plan), plan.liveness, { clock, logger })
  }

  /** `exec/shard-1`, or the stage's name when it has one shard. */
  get name(): string {
    return this.#plan.set
  }

  /** The plan, with the `usesWith` of the last rolling update. */
  get plan(): ShardPlan {
    return this.#plan
  }

  /** Number of replicas that have been admitted and are not leaving. */
  get replicas(): number {
    return this.#fleet.staying.filter(({ isOpen }) => isOpen).length
  }

  /** Whether `freeze()` or `close()` was called. */
  get isFrozen(): boolean {
    return this.#fleet.isFrozen
  }

  /** All replicas, including those that are starting, backing off or draining. */
  get all(): readonly Replica[] {
    return this.#fleet.all
  }

  /** The desired number of replicas. */
  get wanted(): number {
    return this.#census.wanted
  }

  /** Why dead replicas are not being replaced; null when the stage is not degraded. */
  get degraded(): string | null {
    return this.#health.degraded
  }

  /** True while a `scale()` or `rollingUpdate()` runs or waits. */
  get isChanging(): boolean {
    return this.#changes.isBusy
  }

  /**
   * Starts or ends replicas until there are `count`. Resolves with what happened, which may differ: a later call for fewer
   * replicas cancels starts in progress.
   *
   * Rejects with START_FAILED or START_TIMEOUT when a replica does not start; the number is unchanged then.
   */
  async scale(count: number, { onReady }: { readonly onReady?: () => void } = {}): Promise<Scaled> {
    const call = ++this.#calls
    this.#cancelStarts(count)
    const { beganMs, from, to, gone } = await this.#changes.run(async () => {
      const beganMs = this.#clock.monotonic()
      const from = this.#fleet.staying.length
      const gone = call === this.#calls ? await this.#scaleTo(count, onReady) : []
      return { beganMs, from, to: this.#fleet.staying.length, gone }
    })
    // outside the turn: a long drain must not keep a later call from starting replicas
    await Promise.all(gone)
    return { from, to, seconds: this.#secondsSince(beganMs) }
  }

  /** Replaces every replica by one with the new `usesWith` (see `rollOut`), which later replicas use too. */
  rollingUpdate(usesWith: ShardPlan['usesWith']): Promise<RolledOut> {
    return this.#changes.run(async () => {
      const beganMs = this.#clock.monotonic()
      const old = await this.#fleet.leaving()
      await rollOut(old, { ...this.#plan, usesWith, replicas: old.length }, this.#fleet)
      this.#plan = { ...this.#plan, usesWith }
      return { replaced: old.length, seconds: this.#secondsSince(beganMs) }
    })
  }

  /** Status of its pods, merged with what the gateway reports. */
  pods(load: StageLoad | undefined): readonly PodStatus[] {
    return podStatuses(this.all, load)
  }

  /** Makes the gateway refuse requests, with this reason, while there is no replica; null makes them wait again. */
  block(why: string | null): void {
    this.#health.blocked = why
    this.#fleet.settle()
  }

  /** The gateway lost its connection to a pod. A pod that does not exit by itself is killed, and so replaced. */
  async lost(name: string, reason: string): Promise<void> {
    const pod = this.#podNamed(name)
    if (pod === null || podKind(this.#plan) === 'inline') return
    if (await within(pod.exited, lostMs, this.#clock)) return
    this.#tools.logger.warn(`${name} is alive but lost its connection; killing it: ${reason}`)
    pod.kill(`lost its connection (${reason}) and was killed`)
  }

  /** A pod does not answer. When it hangs it is killed, and so replaced. */
  silent(name: string, silentMs: number): void {
    const pod = this.#podNamed(name)
    if (pod !== null) this.#hangDetector?.silent(pod, silentMs)
  }

  /** Ends replicas that are starting or backing off, and starts no more; running replicas continue. */
  freeze(): void {
    this.#fleet.freeze()
  }

  /** Ends every replica, with `graceMs` for requests in flight. */
  async close(graceMs: number): Promise<void> {
    this.freeze()
    await Promise.all(this.all.map((replica) => this.#fleet.end(replica, graceMs)))
  }

  /** Resolves with the promises of the replicas that leave. */
  async #scaleTo(count: number, onReady: () => void = () => {}): Promise<readonly Promise<void>[]> {
    this.#census.wanted = count
    try {
      const missing = count - this.#fleet.staying.length
      if (missing > 0) await this.#grow(missing, onReady)
      if (missing >= 0) return []
      const leaving = (await this.#fleet.leaving()).slice(0, -missing)
      return leaving.map((replica) => this.#fleet.end(replica))
    } finally {
      this.#census.wanted = this.#fleet.staying.length
    }
  }

  /** Starts `missing` replicas concurrently. When one fails the others are ended too, and the failure is thrown. */
  async #grow(missing: number, onReady: () => void): Promise<void> {
    const plan = { ...this.#plan, replicas: this.#census.wanted }
    const fresh = Array.from({ length: missing }, () => this.#fleet.create(plan))
    this.#growing = fresh
    let failure: unknown
    const open = async (replica: Replica): Promise<void> => {
      try {
        await replica.open()
        onReady()
      } catch (error) {
        if (replica.isEnding) return // a later call wants fewer, or another replica has failed
        failure = error
        await Promise.all(fresh.map((other) => this.#fleet.end(other)))
      }
    }
    await Promise.all(fresh.map(open))
    this.#growing = []
    if (failure !== undefined) throw MillraceError.from(failure, 'START_FAILED')
    this.#fleet.checkOpen()
  }

  /** Cancels starts that `count` does not need, the latest first; running replicas are ended in the call's own turn. */
  #cancelStarts(count: number): void {
    const surplus = Math.max(0, this.#fleet.staying.length - count)
    const starting = this.#growing.filter(({ isOpen, isEnding }) => !isOpen && !isEnding).reverse()
    for (const replica of starting.slice(0, surplus)) void this.#fleet.end(replica)
  }

  /** Null when the replica has no pod or is leaving. */
  #podNamed(name: string): Pod | null {
    return this.#fleet.staying.find((replica) => replica.name === name)?.pod ?? null
  }

  #secondsSince(beganMs: number): number {
    return (this.#clock.monotonic() - beganMs) / 1000
  }
}
