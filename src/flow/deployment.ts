/**
 * One stage that runs: its replicas, and the gateway that is told about them.
 *
 * 1. What changes the number or the plan of the replicas on purpose happens one after the other (`Turns`); of calls of
 *    `scale()` that wait the last one wins.
 * 2. The gateway knows at any time whether a stage without a replica will have one.
 * 3. After `close()` nothing starts, and when it has resolved nothing is left.
 */
import { MillraceError } from '../errors.js'
import type { ReplicaLoad, StageLoad } from '../gateway/events.js'
import { systemClock } from '../lib/clock.js'
import type { StagePlan } from '../plan/flow-plan.js'
import type { Pod } from '../pods/pod.js'
import { within } from '../pods/running-pod.js'
import type { AdmissionTools } from './admission.js'
import { Liveness } from './healing/liveness.js'
import { Outlooks } from './healing/outlooks.js'
import { RestartBudget } from './healing/restart-budget.js'
import { Replica, type ReplicaTools } from './replica.js'
import { leavingOrder } from './scaling/leaving.js'
import { rollOut } from './scaling/rolling-update.js'
import { Turns } from './scaling/turns.js'
import { stageStatus, type StageStatus } from './status.js'

/** How long a pod whose connection is gone may take to end by itself: its Executor may be closing. */
const lostMs = 10_000

/** What changed in a `scale()`. */
export interface Scaled {
  readonly from: number
  readonly to: number
  readonly seconds: number
}

/** What a `rollingUpdate()` did. */
export interface RolledOut {
  /** How many replicas were replaced. */
  readonly replaced: number
  readonly seconds: number
}

export interface DeploymentTools extends Omit<AdmissionTools, 'clock'>, Pick<ReplicaTools, 'logger'> {
  /** Milliseconds that requests in flight on a replica that goes may take. */
  readonly graceMs: number
  /** Default the system's. */
  readonly clock?: AdmissionTools['clock']
  /** In [0, 1); default `Math.random`. */
  readonly random?: () => number
}

export class Deployment {
  #plan: StagePlan
  readonly #tools: ReplicaTools
  readonly #graceMs: number
  readonly #outlooks: Outlooks
  readonly #liveness: Liveness | null
  /** Oldest first. Those that drain still have their index. */
  readonly #replicas = new Map<number, Replica>()
  readonly #turns = new Turns()
  /** Those that a growth has begun and not finished. */
  #growing: readonly Replica[] = []
  /** Counts calls of `scale()`. */
  #calls = 0
  #wanted = 0
  #isClosing = false

  constructor(plan: StagePlan, { graceMs, ...tools }: DeploymentTools) {
    const { clock = systemClock, random = Math.random } = tools
    const budget = new RestartBudget(plan.restarts, clock)
    this.#plan = plan
    this.#graceMs = graceMs
    this.#tools = { ...tools, clock, random, budget, changed: () => this.#changed() }
    this.#outlooks = new Outlooks(plan.name, { ...this.#tools, budget })
    this.#liveness = plan.liveness && new Liveness(plan.runtime, plan.liveness, this.#tools)
    this.#changed()
  }

  get name(): string {
    return this.#plan.name
  }

  /** With the `usesWith` of the last rolling update. */
  get plan(): StagePlan {
    return this.#plan
  }

  /** Replicas that were admitted once and are to stay. */
  get replicas(): number {
    return this.#staying().filter(({ isOpen }) => isOpen).length
  }

  /** All that there are, those that start, rest or drain too. */
  get all(): readonly Replica[] {
    return [...this.#replicas.values()]
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
    const { began, from, to, gone } = await this.#turns.take(async () => {
      const began = this.#tools.clock.monotonic()
      const from = this.#staying().length
      const gone = call === this.#calls ? await this.#scaleTo(count, onReady) : []
      return { began, from, to: this.#staying().length, gone }
    })
    // not in its turn: what drains for long does not keep a later call from starting replicas
    await Promise.all(gone)
    return { from, to, seconds: (this.#tools.clock.monotonic() - began) / 1000 }
  }

  /** Replaces every replica by one with another `usesWith`, see `rollOut`; what starts later has it too. */
  async rollingUpdate(usesWith: StagePlan['usesWith']): Promise<RolledOut> {
    return this.#turns.take(async () => {
      const began = this.#tools.clock.monotonic()
      const plan = { ...this.#plan, usesWith }
      const old = leavingOrder(this.#staying(), await this.#loads())
      await rollOut(old, plan, {
        start: (wanted) => this.#open(wanted),
        end: (replica) => this.#end(replica, this.#graceMs),
      })
      this.#plan = plan
      return { replaced: old.length, seconds: (this.#tools.clock.monotonic() - began) / 1000 }
    })
  }

  status(load: StageLoad | undefined): StageStatus {
    const { degraded } = this.#outlooks
    return stageStatus({ plan: this.#plan, wanted: this.#wanted, degraded, replicas: this.all, load })
  }

  /** Gives up what starts or rests, and starts nothing any more; what runs goes on. */
  freeze(): void {
    this.#isClosing = true
    this.#changed()
  }

  /** Refuses requests while there is no replica, and says why; null makes them wait again. */
  block(why: string | null): void {
    this.#outlooks.blocked = why
    this.#changed()
  }

  /** The connection to one of its pods is gone; a pod that lives on without it is replaced. */
  async lost(name: string, reason: string): Promise<void> {
    const { logger, clock } = this.#tools
    const pod = this.#podNamed(name)
    if (pod === null || this.#plan.runtime === 'inline') return
    if (await within(pod.exited, lostMs, clock)) return
    logger.warn(`${name} lives but has no connection any more, and is ended: ${reason}`)
    pod.kill()
  }

  /** One of its pods does not answer; it is ended, and by that replaced, when it hangs. */
  silent(name: string, silentMs: number): void {
    const pod = this.#podNamed(name)
    if (pod !== null) this.#liveness?.silent(pod, silentMs)
  }

  /** Ends every replica, with `graceMs` for requests that are still in flight. */
  async close(graceMs: number): Promise<void> {
    this.freeze()
    await Promise.all(this.all.map((replica) => this.#end(replica, graceMs)))
  }

  /** Gives the ends of those that leave. */
  async #scaleTo(count: number, onReady: () => void = () => {}): Promise<readonly Promise<void>[]> {
    this.#wanted = count
    try {
      const missing = count - this.#staying().length
      if (missing < 0) return await this.#shrink(-missing)
      if (missing > 0) await this.#grow(missing, onReady)
      return []
    } finally {
      this.#wanted = this.#staying().length
    }
  }

  /** Starts so many at once. When one fails the others are ended too, and the failure is thrown. */
  async #grow(missing: number, onReady: () => void): Promise<void> {
    const fresh = Array.from({ length: missing }, () => this.#create(this.#plan))
    this.#growing = fresh
    let failure: unknown
    await Promise.all(
      fresh.map(async (replica) => {
        try {
          await replica.open()
          onReady()
        } catch (error) {
          if (replica.isEnding) return // a later call wants fewer, or another one has failed
          failure = error
          await Promise.all(fresh.map((other) => this.#end(other, 0)))
        }
      }),
    )
    this.#growing = []
    if (failure !== undefined) throw MillraceError.from(failure, 'START_FAILED')
    if (this.#isClosing) throw this.#closed()
  }

  async #shrink(surplus: number): Promise<readonly Promise<void>[]> {
    const leaving = leavingOrder(this.#staying(), await this.#loads()).slice(0, surplus)
    return leaving.map((replica) => this.#end(replica, this.#graceMs))
  }

  /** Ends starts that `count` does not need, the last ones first; those that run are ended in their turn. */
  #cancelStarts(count: number): void {
    const surplus = Math.max(0, this.#staying().length - count)
    const starting = this.#growing.filter(({ isOpen, isEnding }) => !isOpen && !isEnding).reverse()
    for (const replica of starting.slice(0, surplus)) void this.#end(replica, 0)
  }

  async #open(plan: StagePlan): Promise<Replica> {
    const replica = this.#create(plan)
    try {
      await replica.open()
      return replica
    } catch (error) {
      await this.#end(replica, 0)
      throw error
    }
  }

  #create(plan: StagePlan): Replica {
    if (this.#isClosing) throw this.#closed()
    let index = 0
    while (this.#replicas.has(index)) index++
    const replica = new Replica({ ...plan, replicas: this.#wanted }, index, this.#tools)
    this.#replicas.set(index, replica)
    return replica
  }

  async #end(replica: Replica, graceMs: number): Promise<void> {
    await replica.end({ graceMs })
    if (this.#replicas.get(replica.index) === replica) this.#replicas.delete(replica.index)
  }

  async #loads(): Promise<readonly ReplicaLoad[]> {
    try {
      const stages = await (await this.#tools.gateway).status()
      return stages.find(({ name }) => name === this.name)?.replicas ?? []
    } catch {
      return [] // a gateway that is gone: then nothing is loaded
    }
  }

  /** Null when it does not run, or is on its way out. */
  #podNamed(name: string): Pod | null {
    return this.#staying().find((replica) => replica.name === name)?.pod ?? null
  }

  #staying(): Replica[] {
    return this.all.filter(({ isEnding }) => !isEnding)
  }

  #changed(): void {
    if (this.#isClosing) {
      for (const replica of this.#staying()) if (!replica.running) void this.#end(replica, 0)
    }
    this.#outlooks.settle(this.#staying(), this.#isClosing)
  }

  #closed(): MillraceError {
    return new MillraceError('CANCELLED', `The Flow was closed before '${this.name}' had changed.`)
  }
}
