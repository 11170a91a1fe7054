/**
 * What is done about pods that do not answer.
 *
 * 1. A pod is ended only at the second of two tidings in a row, about a second apart: when this thread, or the whole
 *    program, stood still, they come late, and the next pod that answers ends them.
 * 2. A process that computes is busy, and is left alone for `busyMs`.
 * 3. A pod on this thread is never ended.
 */
import type { Clock } from '../../lib/clock.js'
import type { Logger } from '../../observe/logger.js'
import type { Liveness as LivenessSettings } from '../../plan/resilience.js'
import type { PodKind } from '../../pods/index.js'
import type { Pod } from '../../pods/pod.js'
import { type Activity, activityOf } from './activity.js'

/** Tidings that come sooner after each other were told late, all together. */
const leastGapMs = 500
/** Those that come later are not of one silence, or were told late. */
const mostGapMs = 3000

interface Tidings {
  readonly atMs: number
  readonly silentMs: number
  readonly activity: Activity | null
}

export interface LivenessTools {
  readonly clock: Clock
  readonly logger: Logger
  /** Default: as the system tells. */
  readonly activityOf?: (pid: number) => Activity | null
}

export class Liveness {
  readonly #runtime: PodKind
  readonly #busyMs: number
  readonly #tools: LivenessTools
  readonly #last = new WeakMap<Pod, Tidings>()

  constructor(runtime: PodKind, { busyMs }: LivenessSettings, tools: LivenessTools) {
    this.#runtime = runtime
    this.#busyMs = busyMs
    this.#tools = tools
  }

  /** A pod has not answered for `silentMs`; to be told again each second. Kills it when it hangs. */
  silent(pod: Pod, silentMs: number): void {
    const { clock, logger } = this.#tools
    const atMs = clock.monotonic()
    const last = this.#last.get(pod)
    const gapMs = last === undefined ? Number.POSITIVE_INFINITY : atMs - last.atMs
    if (gapMs < leastGapMs) return
    const now = { atMs, silentMs, activity: this.#activity(pod) }
    this.#last.set(pod, now)
    if (last === undefined || silentMs <= last.silentMs) {
      logger.warn(`${pod.name} has not answered for ${silentMs} ms; it gets no requests until it does.`)
      return
    }
    const why = gapMs > mostGapMs ? null : this.#whyDead(last, now)
    if (why === null) return
    logger.error(`${pod.name} ${why} and has not answered for ${silentMs} ms: it is ended.`)
    pod.kill()
  }

  #whyDead(last: Tidings, { silentMs, activity }: Tidings): string | null {
    if (this.#runtime === 'inline') return null
    if (silentMs >= this.#busyMs) return `was busy for longer than liveness.busyMs (${this.#busyMs})`
    if (activity === null || last.activity === null || activity.ticks > last.activity.ticks) return null
    return activity.stopped ? 'is stopped' : 'hangs, as it computes nothing,'
  }

  /** Threads of this process have no figures of their own, and processes of an engine may be in a machine of its own. */
  #activity({ pid }: Pod): Activity | null {
    return this.#runtime === 'process' ? (this.#tools.activityOf ?? activityOf)(pid) : null
  }
}
