import type { Clock } from '../../lib/clock.js'
import type { Metric, MetricReport } from '../../observe/metrics/report.js'
import type { Channel } from '../../transport/transport.js'

/** Milliseconds that a pod may take to give its metrics. Scrapers wait ten seconds for all pods together. */
const podMs = 500

/** A pod that is asked for its metrics. */
export interface MeasuredPod {
  /** Name of the stage, without that of a shard. */
  readonly stage: string
  readonly pod: string
  readonly channel: Channel
}

export interface PodMetricsOptions {
  readonly clock: Clock
  pods(): readonly MeasuredPod[]
  /** Says once for each that metrics of pods were left out. */
  say(sentence: string): void
}

/**
 * Asks the pods of this machine for their metrics.
 *
 * 1. A pod that does not answer in time holds up nobody: its series are missing, and `millrace_pod_up` is 0.
 * 2. A pod is not asked again while it has not answered.
 */
export class PodMetrics {
  readonly #options: PodMetricsOptions
  readonly #asked = new Set<Channel>()
  readonly #told = new Set<string>()

  constructor(options: PodMetricsOptions) {
    this.#options = options
  }

  async collect(report: MetricReport): Promise<void> {
    const pods = this.#options.pods().filter(({ channel }) => channel.measure !== undefined)
    const answers = await this.#inTime(pods.map(({ channel }) => this.#ask(channel)))
    for (const [index, { stage, pod }] of pods.entries()) {
      const metrics = answers[index]
      report.add('millrace_pod_up', { stage, pod }, metrics === undefined ? 0 : 1)
      for (const name of report.merge(metrics ?? [])) this.#leftOut(name, pod)
    }
  }

  /** The values of the promises that have resolved in time; undefined for the others. */
  async #inTime<T>(promises: readonly Promise<T | undefined>[]): Promise<readonly (T | undefined)[]> {
    const values: (T | undefined)[] = promises.map(() => undefined)
    const all = Promise.all(
      promises.map(async (promise, index) => {
        values[index] = await promise
      }),
    )
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(podMs, resolve)
      void all.then(() => {
        cancel()
        resolve()
      })
    })
    return [...values]
  }

  /** Never rejects; undefined when the pod cannot be asked. */
  async #ask(channel: Channel): Promise<readonly Metric[] | undefined> {
    if (this.#asked.has(channel)) return undefined
    this.#asked.add(channel)
    try {
      return await channel.measure?.()
    } catch {
      return undefined // the channel itself reports a lost connection
    } finally {
      this.#asked.delete(channel)
    }
  }

  #leftOut(name: string, pod: string): void {
    if (this.#told.has(name)) return
    this.#told.add(name)
    this.#options.say(
      `The metric '${name}' of ${pod} is left out: another Executor has a metric of this name of another kind. Rename one.`,
    )
  }
}
