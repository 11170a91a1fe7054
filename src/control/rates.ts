import type { FlowStatus, PodStatus } from './status.js'

/** Requests of a pod in the time between two looks at it. */
export interface PodRate {
  readonly answeredPerSecond: number
  readonly failedPerSecond: number
}

interface Counts {
  readonly answered: number
  readonly failed: number
}

/** Compares the counters of pods with those of the look before. */
export class Rates {
  #counts: ReadonlyMap<string, Counts> = new Map()
  #lookedMs = Number.NaN

  /**
   * The rates of pods by `podKey`, since the last call. Without a pod that was not there then, that was replaced meanwhile, or whose
   * gateway cannot be asked.
   *
   * @param nowMs of a monotonic clock
   */
  look(flows: readonly FlowStatus[], nowMs: number): ReadonlyMap<string, PodRate> {
    const seconds = (nowMs - this.#lookedMs) / 1000
    const before = this.#counts
    this.#counts = new Map(flows.flatMap(countsOf))
    this.#lookedMs = nowMs
    return new Map(
      [...this.#counts].flatMap(([key, now]) => {
        const then = before.get(key)
        if (then === undefined || then.answered > now.answered || !(seconds > 0)) return []
        const answeredPerSecond = (now.answered - then.answered) / seconds
        return [[key, { answeredPerSecond, failedPerSecond: (now.failed - then.failed) / seconds }] as const]
      }),
    )
  }
}

export function podKey({ name, namespace, pid }: FlowStatus, pod: PodStatus): string {
  return [namespace ?? '', name, pid ?? '', pod.name, pod.pid ?? ''].join(' ')
}

function countsOf(flow: FlowStatus): readonly (readonly [string, Counts])[] {
  return flow.stages.flatMap(({ pods }) =>
    pods.flatMap((pod) => {
      const { answered, failed } = pod
      return answered === null || failed === null ? [] : [[podKey(flow, pod), { answered, failed }] as const]
    }),
  )
}
