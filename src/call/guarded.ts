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
      let known = arrival
      const observations = observers.flatMap((observer) => {
        const observation = attempt(() => observer.request(span, request, known), onFault)
        const traceId = observation?.traceId
        if (traceId !== undefined) known = { ...known, traceId }
        return observation ?? []
      })
      return observations.length === 0 ? undefined : new Guarded(observations, onFault)
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

  constructor(observations: readonly Observation[], onFault: OnFault) {
    this.#observations = observations
    this.#onFault = onFault
    this.headers = observations.reduce<Observation['headers']>((all, observation) => {
      const headers = attempt(() => observation.headers, onFault)
      return headers === undefined ? all : { ...all, ...headers }
    }, undefined)
    this.wantsReport = observations.some(({ wantsReport }) => wantsReport !== false)
  }

  child(span: Span): Observation {
    const children = this.#observations.flatMap(
      (observation) => attempt(() => observation.child(span), this.#onFault) ?? [],
    )
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
