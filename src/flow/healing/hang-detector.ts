/**
 * Decides when a pod that does not answer is killed.
 *
 * 1. A pod is killed only at the second of two consecutive reports, about a second apart. After a pause of this thread or of
 *    the whole program, reports arrive late and in bursts, and stop once the pod has answered.
 * 2. A process that uses CPU is busy, and is not killed before `busyMs`.
 * 3. A pod on this thread is never killed.
 */
import type { Clock } from '../../lib/clock.js'
import type { Logger } from '../../observe/logger.js'
import type { Liveness as LivenessSettings } from '../../plan/resilience.js'
import type { PodKind } from '../../pods/index.js'
import type { Pod } from '../../pods/pod.js'
import { type Activity, activityOf } from './activity.js'

/** Reports closer together than this were delayed and delivered in a burst. */
const leastGapMs = 500
/** Reports further apart than this belong to different silences, or were delayed. */
const mostGapMs = 3000

interface SilenceReport {
  readonly atMs: number
  readonly silentMs: number
  readonly activity: Activity | null
}

export interface HangDetectorTools {
  readonly clock: Clock
  readonly logger: Logger
  /** Default: read from /proc. */
  readonly activityOf?: (pid: number) => Activity | null
}

export class HangDetector {
  readonly #runtime: PodKind
  readonly #busyMs: number
  readonly #tools: HangDetectorTools
  readonly #last = new WeakMap<Pod, SilenceReport>()

  constructor(runtime: PodKind, { busyMs }: LivenessSettings, tools: HangDetectorTools) {
    this.#runtime = runtime
    this.#busyMs = busyMs
    this.#tools = tools
  }

  /** Reports that a pod has not answered for `silentMs`; call it every second. Kills the pod when it hangs. */
  silent(pod: Pod, silentMs: number): void {
    const { clock, logger } = this.#tools
    const atMs = clock.monotonic()
    const last = this.#last.get(pod)
    const gapMs = last === undefined ? Number.POSITIVE_INFINITY : atMs - last.atMs
    if (gapMs < leastGapMs) return
    const now = { atMs, silentMs, activity: this.#activity(pod) }
    this.#last.set(pod, now)
    if (last === undefined || silentMs <= last.silentMs) {
      logger.warn(
        `${pod.name} has not answered for ${Math.round(silentMs)} ms; it gets no requests until it does.`,
      )
      return
    }
    const why = gapMs > mostGapMs ? null : this.#whyDead(last, now)
    if (why === null) return
    logger.error(`${pod.name} ${why} and has not answered for ${Math.round(silentMs)} ms; killing it.`)
    pod.kill(`${why} and was killed`)
  }

  #whyDead(last: SilenceReport, { silentMs, activity }: SilenceReport): string | null {
    if (this.#runtime === 'inline') return null
    if (silentMs >= this.#busyMs) return `was busy for longer than liveness.busyMs (${this.#busyMs})`
    if (activity === null || last.activity === null || activity.ticks > last.activity.ticks) return null
    return activity.stopped ? 'is stopped' : 'hangs, as it computes nothing,'
  }

  /** Null for threads, which have no CPU time of their own, and for containers, which may run on another machine. */
  #activity({ pid }: Pod): Activity | null {
    const isProcess = this.#runtime === 'process' || this.#runtime === 'python'
    return isProcess ? (this.#tools.activityOf ?? activityOf)(pid) : null
  }
}
