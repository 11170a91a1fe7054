/**
 * One replica of a stage. It has one pod at a time, and starts a new one when that exits:
 *
 * ```
 * starting ── admitted ──▶ running ── pod exited ──▶ backoff ── wait over ──▶ starting
 *    └── failed: the first start rejects `open()`; a later one ──▶ backoff
 * any ── end() ──▶ draining ──▶ ended
 * ```
 *
 * 1. It has at most one pod. The old pod is unlisted from the gateway before a new pod of the same name starts.
 * 2. After `end()` nothing starts; when it has resolved there is neither pod nor timer.
 * 3. Every restart is taken from the stage's budget, except after a pod was lost with a request that had already lost
 *    another.
 */
import { MillraceError } from '../../errors.js'
import type { Departure } from '../../gateway/events.js'
import { pause } from '../../lib/pause.js'
import type { Logger } from '../../observe/logger.js'
import type { Pod } from '../../pods/pod.js'
import { type AdmissionTools, lastLines, startAdmitted, unlist } from './admission.js'
import { backoffMs } from '../healing/backoff.js'
import type { RestartBudget } from '../healing/restart-budget.js'
import type { ShardPlan } from '../shard-plan.js'

/** A pod that has run this long, or has answered this many requests, resets the count of consecutive deaths. */
const soundMs = 10_000
const soundRequests = 10

/**
 * How long the gateway may take to read the last answers of a pod that has exited. The pod's connection is closed, so this
 * takes no longer than reading what is buffered.
 */
const lastAnswersMs = 1000

/** Dependencies shared by all replicas of a stage. */
export interface ReplicaTools extends AdmissionTools {
  readonly budget: RestartBudget
  /** In [0, 1). */
  readonly random: () => number
  readonly logger: Logger
  /** Called after each change of phase. */
  changed(): void
  /** Called when it runs again after its pod had ended unexpectedly. */
  healed(): void
}

/** Phase of a replica, with its pod if there is one. */
export type ReplicaPhase =
  | { readonly state: 'starting' }
  | { readonly state: 'running'; readonly pod: Pod }
  /** `broke`: waiting for the restart budget; false: waiting for the backoff. */
  | { readonly state: 'backoff'; readonly broke: boolean; readonly why: string }
  | { readonly state: 'draining'; readonly pod: Pod | null }
  | { readonly state: 'ended' }

export class Replica {
  readonly name: string
  readonly index: number
  /** The plan at creation; restarts use the same plan. */
  readonly plan: ShardPlan
  readonly #tools: ReplicaTools
  readonly #ending = new AbortController()
  #phase: ReplicaPhase = { state: 'starting' }
  #sinceMs: number
  #isOpen = false
  #restarts = 0
  #lastEnd: string | null = null
  /** Consecutive deaths, each within `soundMs` of the start. */
  #deaths = 0
  /** Resolves when the start in progress has settled; never rejects. */
  #starting: Promise<unknown> = Promise.resolve()
  #ended: Promise<void> | undefined

  constructor(plan: ShardPlan, index: number, tools: ReplicaTools) {
    this.name = `${plan.pods}/rep-${index}`
    this.index = index
    this.plan = plan
    this.#tools = tools
    this.#sinceMs = tools.clock.monotonic()
  }

  get phase(): ReplicaPhase {
    return this.#phase
  }

  get running(): boolean {
    return this.#phase.state === 'running'
  }

  /** Its admitted pod; null without one. */
  get pod(): Pod | null {
    return 'pod' in this.#phase ? this.#phase.pod : null
  }

  /** True once it has been admitted for the first time. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  get isEnding(): boolean {
    return this.#ending.signal.aborted
  }

  /** Number of restarts. */
  get restarts(): number {
    return this.#restarts
  }

  /** Why its last pod ended, or did not start; null when none has. */
  get lastEnd(): string | null {
    return this.#lastEnd
  }

  /** Milliseconds since the last change of phase. */
  get sinceMs(): number {
    return this.#tools.clock.monotonic() - this.#sinceMs
  }

  /** First start. Resolves when the pod is admitted; from then on the replica restarts dead pods. Rejects when the start fails. */
  async open(): Promise<void> {
    const pod = await this.#start()
    this.#isOpen = true
    void this.#keep(pod) // never rejects
  }

  /** Removes it from the gateway's list, waits up to `graceMs` for requests in flight, then stops its pod. Idempotent. */
  end({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#ended ??= this.#end(graceMs)
    return this.#ended
  }

  #start(): Promise<Pod> {
    this.#become({ state: 'starting' })
    const start = startAdmitted(this, this.#tools, this.#ending.signal).then((pod) => {
      this.#become({ state: 'running', pod })
      return pod
    })
    this.#starting = start.catch(() => {})
    return start
  }

  /** Restarts the pod whenever it exits, until `end()`. */
  async #keep(first: Pod): Promise<void> {
    let pod: Pod | null = first
    while (pod !== null) {
      const { reason, output, isFromOutside } = await pod.exited
      if (this.isEnding) return
      const isLong = this.sinceMs > soundMs
      const why = `${this.name} ${reason}.${lastLines(output)}`
      this.#become({ state: 'backoff', broke: false, why })
      const exit = { reason, output, isFromOutside }
      const departure = await unlist(this, this.#tools.gateway, { graceMs: lastAnswersMs, exit })
      if (isLong || isSound(departure)) this.#deaths = 0
      this.#tools.budget.ended(departure?.served ?? 0)
      pod = await this.#restart(why, departure?.isRepeated ?? false)
    }
  }

  /** Retries until a pod runs; null after `end()`. `isFree`: the first restart is not taken from the budget. */
  async #restart(first: string, isFree: boolean): Promise<Pod | null> {
    let why = first
    for (let isFirst = true; ; isFirst = false) {
      await this.#rest(why, isFirst && isFree)
      if (this.isEnding) return null
      this.#restarts++
      try {
        const pod = await this.#start()
        this.#tools.logger.info(`${this.name} is back.`)
        this.#tools.healed()
        return pod
      } catch (error) {
        if (this.isEnding) return null
        why = MillraceError.from(error).message
      }
    }
  }

  /** Waits for the backoff, then until the budget has a restart. */
  async #rest(why: string, isFree: boolean): Promise<void> {
    const { budget, random, logger, clock } = this.#tools
    const { signal } = this.#ending
    const pauseMs = backoffMs(++this.#deaths, random)
    this.#become({ state: 'backoff', broke: false, why })
    if (this.isEnding) return // the stage closes
    const when = pauseMs === 0 ? 'at once' : `in ${Math.round(pauseMs)} ms`
    logger.warn(`${this.name} is started again ${when}, attempt ${this.#deaths}: ${why}`)
    await pause(pauseMs, { signal, clock })
    while (!isFree && !signal.aborted && !budget.take()) {
      this.#become({ state: 'backoff', broke: true, why })
      await pause(budget.waitMs(), { signal, clock })
    }
  }

  async #end(graceMs: number): Promise<void> {
    const { pod } = this
    this.#ending.abort(new MillraceError('CANCELLED', `${this.name} is not wanted any more.`))
    this.#become({ state: 'draining', pod })
    await this.#starting
    if (pod !== null) {
      await unlist(this, this.#tools.gateway, { graceMs })
      await pod.stop({ graceMs })
    }
    this.#become({ state: 'ended' })
  }

  #become(phase: ReplicaPhase): void {
    if (this.#phase.state !== phase.state) this.#sinceMs = this.#tools.clock.monotonic()
    this.#phase = phase
    if (phase.state === 'backoff') this.#lastEnd = phase.why
    this.#tools.changed()
  }
}

/**
 * Whether a pod worked well until it ended: it answered enough requests, or the request that ended it had already lost
 * another replica.
 */
function isSound(departure: Departure | null): boolean {
  return departure !== null && (departure.isRepeated || departure.served >= soundRequests)
}
