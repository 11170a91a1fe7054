/**
 * One place of a stage, and the pods that fill it one after the other:
 *
 * ```
 * starting ── admitted ──▶ running ── its pod ended ──▶ backoff ── due ──▶ starting
 *    └── failed: the first start rejects and that is all; a later one ────▶ backoff
 * any ── end() ──▶ draining ──▶ ended
 * ```
 *
 * 1. It has at most one pod; a name is off the gateway's list before a pod of that name is started again.
 * 2. After `end()` nothing starts any more, and when it has resolved there is neither pod nor timer.
 * 3. Every restart is taken from the budget of the stage.
 */
import { MillraceError } from '../../errors.js'
import { pause } from '../../lib/pause.js'
import type { Logger } from '../../observe/logger.js'
import type { Pod } from '../../pods/pod.js'
import { type AdmissionTools, lastLines, startAdmitted, unlist } from './admission.js'
import { backoffMs } from '../healing/backoff.js'
import type { RestartBudget } from '../healing/restart-budget.js'
import type { ShardPlan } from '../shard-plan.js'

/** A replica that has lived so long does not die again and again. */
const soundMs = 10_000

/**
 * How long the gateway may take to read what a pod had answered before it ended. Its connection is at its end after that,
 * so that nothing waits for longer than it needs.
 */
const lastAnswersMs = 1000

/** What all replicas of a stage share. */
export interface ReplicaTools extends AdmissionTools {
  readonly budget: RestartBudget
  /** In [0, 1). */
  readonly random: () => number
  readonly logger: Logger
  /** A replica has become something else. */
  changed(): void
}

export type ReplicaLife =
  | { readonly state: 'starting' }
  | { readonly state: 'running'; readonly pod: Pod }
  /** `broke`: no restart is left in the budget; else it is a short pause. */
  | { readonly state: 'backoff'; readonly broke: boolean; readonly why: string }
  | { readonly state: 'draining'; readonly pod: Pod | null }
  | { readonly state: 'ended' }

export class Replica {
  readonly name: string
  readonly index: number
  /** As it was when this replica was made: it restarts with the same. */
  readonly plan: ShardPlan
  readonly #tools: ReplicaTools
  readonly #ending = new AbortController()
  #life: ReplicaLife = { state: 'starting' }
  #sinceMs: number
  #isOpen = false
  #restarts = 0
  /** In a row, without having lived for long. */
  #deaths = 0
  /** Over when the start that is under way is; never rejects. */
  #starting: Promise<unknown> = Promise.resolve()
  #ended: Promise<void> | undefined

  constructor(plan: ShardPlan, index: number, tools: ReplicaTools) {
    this.name = `${plan.pods}/rep-${index}`
    this.index = index
    this.plan = plan
    this.#tools = tools
    this.#sinceMs = tools.clock.monotonic()
  }

  get life(): ReplicaLife {
    return this.#life
  }

  get running(): boolean {
    return this.#life.state === 'running'
  }

  /** Its pod, while it has one that was admitted. */
  get pod(): Pod | null {
    return 'pod' in this.#life ? this.#life.pod : null
  }

  /** Whether it was admitted once. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  get isEnding(): boolean {
    return this.#ending.signal.aborted
  }

  /** How often it was started again. */
  get restarts(): number {
    return this.#restarts
  }

  /** Milliseconds since it became what it is. */
  get sinceMs(): number {
    return this.#tools.clock.monotonic() - this.#sinceMs
  }

  /** The first start; resolves when it is admitted, and from then on it heals. Rejects with why it failed. */
  async open(): Promise<void> {
    const pod = await this.#start()
    this.#isOpen = true
    void this.#keep(pod) // never rejects
  }

  /** Off the gateway's list; what is in flight may end, at most `graceMs`; then its pod closes. Idempotent. */
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

  /** Sees that there is a pod, until the end. */
  async #keep(first: Pod): Promise<void> {
    let pod: Pod | null = first
    while (pod !== null) {
      const { reason, output } = await pod.exited
      if (this.isEnding) return
      if (this.sinceMs > soundMs) this.#deaths = 0
      const why = `${this.name} ${reason}.${lastLines(output)}`
      this.#become({ state: 'backoff', broke: false, why })
      await unlist(this, this.#tools.gateway, lastAnswersMs)
      pod = await this.#restart(why)
    }
  }

  /** Tries until a pod runs; null when none is wanted any more. */
  async #restart(first: string): Promise<Pod | null> {
    let why = first
    for (;;) {
      await this.#rest(why)
      if (this.isEnding) return null
      this.#restarts++
      try {
        const pod = await this.#start()
        this.#tools.logger.info(`${this.name} is back.`)
        return pod
      } catch (error) {
        if (this.isEnding) return null
        why = MillraceError.from(error).message
      }
    }
  }

  /** The pause before a restart: as long as the backoff says, and until the budget has one. */
  async #rest(why: string): Promise<void> {
    const { budget, random, logger, clock } = this.#tools
    const { signal } = this.#ending
    const pauseMs = backoffMs(++this.#deaths, random)
    this.#become({ state: 'backoff', broke: false, why })
    const when = pauseMs === 0 ? 'at once' : `in ${Math.round(pauseMs)} ms`
    logger.warn(`${this.name} is started again ${when}, attempt ${this.#deaths}: ${why}`)
    await pause(pauseMs, { signal, clock })
    while (!signal.aborted && !budget.take()) {
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
      await unlist(this, this.#tools.gateway, graceMs)
      await pod.stop({ graceMs })
    }
    this.#become({ state: 'ended' })
  }

  #become(life: ReplicaLife): void {
    if (this.#life.state !== life.state) this.#sinceMs = this.#tools.clock.monotonic()
    this.#life = life
    this.#tools.changed()
  }
}
