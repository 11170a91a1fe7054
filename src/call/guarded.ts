import type { RequestEvent, Span } from '../observe/names.js'
import type { Observation, Observer, Outcome } from './observation.js'

/** Called with what an observer threw. */
export type OnFault = (error: unknown) => void

/**
 * Combines observers into one that never throws. An observer that throws gets no more events of that span. Undefined when
 * there are none.
 */
export function guarded(observers: readonly Observer[], onFault: OnFault): Observer | undefined {
  if (observers.length === 0) return undefined
  return {
    request(span, request, arrival) {
      const observations: Observation[] = []
      let headers: Observation['headers']
      for (const observer of observers) {
        const seen = attempt(() => observer.request(span, request, arrival), onFault)
        if (seen === undefined) continue
        if ('unobserved' in seen) headers = { ...headers, ...seen.unobserved }
        else observations.push(seen)
      }
      if (observations.length > 0) return new Guarded(observations, onFault, headers)
      return headers && { unobserved: headers }
    },
    replica(event) {
      for (const observer of observers) attempt(() => observer.replica?.(event), onFault)
    },
    call(event) {
      for (const observer of observers) attempt(() => observer.call?.(event), onFault)
    },
  }
}

/** Guarantees the contract of `Observation` to observers: one end, and nothing after it. */
class Guarded implements Observation {
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly wantsReport: boolean
  readonly #onFault: OnFault
  #observations: readonly Observation[]

  /** `headers`: more than those of the observations. */
  constructor(observations: readonly Observation[], onFault: OnFault, headers?: Observation['headers']) {
    this.#onFault = onFault
    this.#observations = observations
    let all = headers
    let wantsReport = false
    for (const observation of observations) {
      const own = attempt(() => observation.headers, onFault)
      if (own !== undefined) all = all === undefined ? own : { ...all, ...own }
      if (observation.wantsReport !== false) wantsReport = true
    }
    this.headers = all
    this.wantsReport = wantsReport
  }

  child(span: Span): Observation {
    const children: Observation[] = []
    for (const observation of this.#observations) {
      const child = attempt(() => observation.child(span), this.#onFault)
      if (child !== undefined) children.push(child)
    }
    return new Guarded(children, this.#onFault)
  }

  event(event: RequestEvent): void {
    this.#each((observation) => observation.event(event))
  }

  end(outcome: Outcome): void {
    this.#each((observation) => observation.end(outcome))
    this.#observations = []
  }

  #each(tell: (observation: Observation) => void): void {
    for (const observation of this.#observations) {
      try {
        tell(observation)
      } catch (error) {
        this.#observations = this.#observations.filter((other) => other !== observation)
        this.#onFault(error)
      }
    }
  }
}

function attempt<T>(run: () => T, onFault: OnFault): T | undefined {
  try {
    return run()
  } catch (error) {
    onFault(error)
    return undefined
  }
}
