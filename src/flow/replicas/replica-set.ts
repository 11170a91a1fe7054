/**
 * One shard of a stage that runs: its replicas, and the gateway that is told about them. A stage that is not sharded has one.
 *
 * 1. What changes the number or the plan of the replicas on purpose happens one after the other (`Turns`); of calls of
 *    `scale()` that wait the last one wins.
 * 2. The gateway knows at any time whether a stage without a replica will have one (`Outlooks`).
 * 3. After `close()` nothing starts, and when it has resolved nothing is left.
 */
import type { RolledOut, Scaled } from '../../control/controlled.js'
import type { PodStatus } from '../../control/status.js'
import { MillraceError } from '../../errors.js'
import type { StageLoad } from '../../gateway/events.js'
import { type Clock, systemClock } from '../../lib/clock.js'
import type { Pod } from '../../pods/pod.js'
import { within } from '../../pods/running-pod.js'
import { Fleet, type FleetTools } from './fleet.js'
import { Liveness } from '../healing/liveness.js'
import { Outlooks } from '../healing/outlooks.js'
import { RestartBudget } from '../healing/restart-budget.js'
import { podKind } from '../pod-kind.js'
import type { Replica } from './replica.js'
import { rollOut } from '../scaling/rolling-update.js'
import { Turns } from '../scaling/turns.js'
import type { ShardPlan } from '../shard-plan.js'
import { podStatuses } from '../status.js'

/** How long a pod whose connection is gone may take to end by itself: its Executor may be closing. */
const lostMs = 10_000

export interface ReplicaSetTools
  extends Pick<FleetTools, 'gateway' | 'startPod' | 'logger' | 'timeoutReadyMs' | 'graceMs'> {
  /** Default the system's. */
  readonly clock?: Clock
  /** In [0, 1); default `Math.random`. */
  readonly random?: () => number
}

export class ReplicaSet {
  #plan: ShardPlan
  readonly #fleet: Fleet
  readonly #outlooks: Outlooks
  readonly #liveness: Liveness | null
  readonly #turns = new Turns()
  readonly #tools: ReplicaSetTools
  readonly #clock: Clock
  /** Those that a growth has begun and not finished. */
  #growing: readonly Replica[] = []
  /** Counts calls of `scale()`. */
  #calls = 0
  #wanted = 0

  constructor(plan: ShardPlan, tools: ReplicaSetTools) {
    const { clock = systemClock, random = Math.random, logger } = tools
    const budget = new RestartBudget(plan.restarts, clock)
    this.#plan = plan
    this.#tools = tools
    this.#clock = clock
    this.#outlooks = new Outlooks(plan.set, { ...tools, budget })
    this.#fleet = new Fleet({ ...tools, stage: plan.set, clock, random, budget, outlooks: this.#outlooks })
    this.#liveness = plan.liveness && new Liveness(podKind(plan), plan.liveness, { clock, logger })
  }

  /** `exec/shard-1`; the name of the stage when it has one shard. */
  get name(): string {
    return this.#plan.set
  }

  /** With the `usesWith` of the last rolling update. */
  get plan(): ShardPlan {
    return this.#plan
  }

  /** Replicas that were admitted once and are to stay. */
  get replicas(): number {
    return this.#fleet.staying.filter(({ isOpen }) => isOpen).length
  }

  /** All that there are, those that start, rest or drain too. */
  get all(): readonly Replica[] {
    return this.#fleet.all
  }

  /** How many there should be. */
  get wanted(): number {
    return this.#wanted
  }

  /** Why dead replicas are not replaced at the moment; null when all is well. */
  get degraded(): string | null {
    return this.#outlooks.degraded
  }

  /** Whether a change on purpose is under way. */
  get isChanging(): boolean {
    return this.#turns.busy
  }

  /**
   * Starts or ends replicas until there are `count`; resolves with what really happened: a later call that asks for fewer
   * cancels starts that are under way.
   *
   * Rejects with START_FAILED or START_TIMEOUT when one does not start; then there are as many as before.
   */
  async scale(count: number, { onReady }: { readonly onReady?: () => void } = {}): Promise<Scaled> {
    const call = ++this.#calls
    this.#cancelStarts(count)
    const { beganMs, from, to, gone } = await this.#turns.take(async () => {
      const beganMs = this.#clock.monotonic()
      const from = this.#fleet.staying.length
      const gone = call === this.#calls ? await this.#scaleTo(count, onReady) : []
      return { beganMs, from, to: this.#fleet.staying.length, gone }
    })
    // not in its turn: what drains for long does not keep a later call from starting replicas
    await Promise.all(gone)
    return { from, to, seconds: this.#secondsSince(beganMs) }
  }

  /** Replaces every replica by one with another `usesWith`, see `rollOut`; what starts later has it too. */
  rollingUpdate(usesWith: ShardPlan['usesWith']): Promise<RolledOut> {
    return this.#turns.take(async () => {
      const beganMs = this.#clock.monotonic()
      const old = await this.#fleet.leaving()
      await rollOut(old, { ...this.#plan, usesWith, replicas: old.length }, this.#fleet)
      this.#plan = { ...this.#plan, usesWith }
      return { replaced: old.length, seconds: this.#secondsSince(beganMs) }
    })
  }

  /** Its pods, with what the gateway says of them. */
  pods(load: StageLoad | undefined): readonly PodStatus[] {
    return podStatuses(this.all, load)
  }

  /** Refuses requests while there is no replica, and says why; null makes them wait again. */
  block(why: string | null): void {
    this.#outlooks.blocked = why
    this.#fleet.settle()
  }

  /** The connection to one of its pods is gone; a pod that lives on without it is ended, and by that replaced. */
  async lost(name: string, reason: string): Promise<void> {
    const pod = this.#podNamed(name)
    if (pod === null || podKind(this.#plan) === 'inline') return
    if (await within(pod.exited, lostMs, this.#clock)) return
    this.#tools.logger.warn(`${name} lives but has no connection any more, and is ended: ${reason}`)
    pod.kill()
  }

  /** One of its pods does not answer; it is ended, and by that replaced, when it hangs. */
  silent(name: string, silentMs: number): void {
    const pod = this.#podNamed(name)
    if (pod !== null) this.#liveness?.silent(pod, silentMs)
  }

  /** Gives up what starts or rests, and starts nothing any more; what runs goes on. */
  freeze(): void {
    this.#fleet.freeze()
  }

  /** Ends every replica, with `graceMs` for requests that are still in flight. */
  async close(graceMs: number): Promise<void> {
    this.freeze()
    await Promise.all(this.all.map((replica) => this.#fleet.end(replica, graceMs)))
  }

  /** Gives the ends of those that leave. */
  async #scaleTo(count: number, onReady: () => void = () => {}): Promise<readonly Promise<void>[]> {
    this.#wanted = count
    try {
      const missing = count - this.#fleet.staying.length
      if (missing > 0) await this.#grow(missing, onReady)
      if (missing >= 0) return []
      const leaving = (await this.#fleet.leaving()).slice(0, -missing)
      return leaving.map((replica) => this.#fleet.end(replica))
    } finally {
      this.#wanted = this.#fleet.staying.length
    }
  }

  /** Starts so many at once. When one fails the others are ended too, and the failure is thrown. */
  async #grow(missing: number, onReady: () => void): Promise<void> {
    const plan = { ...this.#plan, replicas: this.#wanted }
    const fresh = Array.from({ length: missing }, () => this.#fleet.create(plan))
    this.#growing = fresh
    let failure: unknown
    const open = async (replica: Replica): Promise<void> => {
      try {
        await replica.open()
        onReady()
      } catch (error) {
        if (replica.isEnding) return // a later call wants fewer, or another one has failed
        failure = error
        await Promise.all(fresh.map((other) => this.#fleet.end(other)))
      }
    }
    await Promise.all(fresh.map(open))
    this.#growing = []
    if (failure !== undefined) throw MillraceError.from(failure, 'START_FAILED')
    this.#fleet.checkOpen()
  }

  /** Ends starts that `count` does not need, the last ones first; those that run are ended in their turn. */
  #cancelStarts(count: number): void {
    const surplus = Math.max(0, this.#fleet.staying.length - count)
    const starting = this.#growing.filter(({ isOpen, isEnding }) => !isOpen && !isEnding).reverse()
    for (const replica of starting.slice(0, surplus)) void this.#fleet.end(replica)
  }

  /** Null when it does not run, or is on its way out. */
  #podNamed(name: string): Pod | null {
    return this.#fleet.staying.find((replica) => replica.name === name)?.pod ?? null
  }

  #secondsSince(beganMs: number): number {
    return (this.#clock.monotonic() - beganMs) / 1000
  }
}
