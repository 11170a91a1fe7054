import type { RequestEvent, RequestSpan, Span } from '../observe/names.js'
import type { DataRequest } from '../wire/data-request.js'
import type { Arrival, Observation, Observer, Outcome, Unobserved } from './observation.js'

/** Called with what an observer threw. */
export type OnFault = (error: unknown) => void

/**
 * Combines observers into one that never throws. An observer that throws gets no more events of that span. Undefined when
 * there are none.
 */
export function guarded(observers: readonly Observer[], onFault: OnFault): Observer | undefined {
  if (observers.length === 0) return undefined
  const [first] = observers
  return {
    request(span, request, arrival) {
      if (observers.length === 1) return lone(first!, { span, request, arrival }, onFault)
      const observations: Observation[] = []
      let headers: Observation['headers']
      let known = arrival
      for (const observer of observers) {
        const seen = attempt(() => observer.request(span, request, known), onFault)
        if (seen === undefined) continue
        if ('unobserved' in seen) headers = { ...headers, ...seen.unobserved }
        else {
          observations.push(seen)
          const { traceId } = seen
          if (traceId !== undefined) known = { ...known, traceId }
        }
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

interface Arrived {
  readonly span: RequestSpan
  readonly request: DataRequest
  readonly arrival: Arrival
}

/**
 * The observation of the only observer. Apart from several ones, because a request has an array literal less for each of its spans: V8 puts
 * literals that outlive a collection into the old generation, and there each keeps a dead request alive until that is collected.
 */
function lone(
  observer: Observer,
  { span, request, arrival }: Arrived,
  onFault: OnFault,
): Observation | Unobserved | undefined {
  try {
    const seen = observer.request(span, request, arrival)
    return seen === undefined || 'unobserved' in seen || observer.keepsContract === true
      ? seen
      : new GuardedLone(seen, onFault)
  } catch (error) {
    onFault(error)
    return undefined
  }
}

/** Like `Guarded`, for one observer. */
class GuardedLone implements Observation {
  readonly #onFault: OnFault
  readonly #observation: Observation | undefined
  #isOver = false

  constructor(observation: Observation | undefined, onFault: OnFault) {
    this.#onFault = onFault
    this.#observation = observation
  }

  get headers(): Observation['headers'] {
    try {
      return this.#observation?.headers
    } catch (error) {
      this.#onFault(error)
      return undefined
    }
  }

  get wantsReport(): boolean {
    return this.#observation !== undefined && this.#observation.wantsReport !== false
  }

  child(span: Span): Observation {
    let child: Observation | undefined
    try {
      if (!this.#isOver) child = this.#observation?.child(span)
    } catch (error) {
      this.#onFault(error)
    }
    return new GuardedLone(child, this.#onFault)
  }

  event(event: RequestEvent): void {
    if (this.#isOver) return
    try {
      this.#observation?.event(event)
    } catch (error) {
      this.#isOver = true
      this.#onFault(error)
    }
  }

  end(outcome: Outcome): void {
    if (this.#isOver) return
    this.#isOver = true
    try {
      this.#observation?.end(outcome)
    } catch (error) {
      this.#onFault(error)
    }
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
