import type { Call } from '../../src/call/call.js'
import { MillraceError } from '../../src/errors.js'
import type { Clock } from '../../src/lib/clock.js'
import { type Deferred, deferred } from '../../src/lib/deferred.js'
import type { Channel } from '../../src/transport/transport.js'
import type { DataRequest } from '../../src/wire/data-request.js'
import { Lane } from '../../src/worker/lane.js'
import { callLimit } from '../../src/worker/concurrency-limit.js'
import { Work } from './work.js'

/** How a replica behaves; may change while it runs. */
export interface Traits {
  /** `fails`: rejects after a millisecond, like a pod whose connections all break. `hangs`: answers only pings. */
  manner: 'works' | 'fails' | 'hangs'
  /** Slowdown relative to a healthy replica, by the number of requests that it has started. */
  slowness: (begun: number) => number
  /** Whether the scenario breaks it, so that its tries are counted. */
  readonly isBad: boolean
}

export interface ReplicaOptions {
  readonly clock: Clock
  /** Maximum number of requests at once, running and queued. */
  readonly capacity: number
  /** Whether it reports a window. */
  readonly window: boolean
  readonly traits: Traits
  /** Records the arrival of a try. Returns the milliseconds that a healthy replica needs for it. */
  began(request: number, isBad: boolean): number
  /** Records the end of a try. */
  released(request: number): void
}

/** Milliseconds until a broken connection is detected. */
const breakMs = 1

type Gone = { readonly reason: string }

/**
 * Simulates a pod and its connection: it works on one request at a time, in order of arrival, with the lane of real pods.
 * Work takes virtual time.
 */
export class Replica implements Channel {
  readonly traits: Traits
  readonly leaving: Promise<Gone>
  readonly closed: Promise<Gone>
  readonly #options: ReplicaOptions
  readonly #lane: Lane
  readonly #gone: Deferred<Gone> = deferred<Gone>()
  /** The tries in the pod, and how to reject them. */
  readonly #hops = new Set<(error: MillraceError) => void>()
  readonly #works = new Set<Work>()
  #thaw: Deferred | undefined
  #begun = 0

  constructor(options: ReplicaOptions) {
    const { clock, capacity, traits } = options
    this.#options = options
    this.traits = traits
    this.closed = this.#gone.promise
    this.leaving = this.#gone.promise
    // there are no sockets to read, so no time passes between two requests
    this.#lane = new Lane({ limit: 1, capacity, clock, yieldToLoop: (wake) => wake(), busyMs: () => 0 })
  }

  get limit(): number {
    return this.#options.window ? callLimit(this.#lane, this.#hops.size) : Number.POSITIVE_INFINITY
  }

  askForMore(): void {
    this.#lane.wanted()
  }

  onCapacity(listener: () => void): void {
    this.#lane.onGrow(listener)
  }

  handle = (request: DataRequest, call: Call): Promise<DataRequest> => {
    const number = Number(request.requestId)
    const workMs = this.#options.began(number, this.traits.isBad)
    return new Promise((resolve, reject) => {
      const finish = (end: () => void): void => {
        if (this.#hops.delete(giveBack)) this.#options.released(number)
        end()
      }
      const giveBack = (error: MillraceError): void => finish(() => reject(error))
      this.#hops.add(giveBack)
      this.#lane
        .run(call, () => this.#work(workMs, call))
        .then(
          () => finish(() => resolve(request.answer())),
          (error: unknown) => finish(() => reject(error)),
        )
    })
  }

  stream = (): never => {
    throw new MillraceError('UNSUPPORTED', 'Streams are not simulated.')
  }

  describe = () => Promise.resolve({ endpoints: [], writeEndpoints: [], streamEndpoints: [], schemas: {} })

  async ping(): Promise<readonly []> {
    await this.#thaw?.promise
    return []
  }

  /** Kills the process, and loses its requests. */
  die(): void {
    this.#end(new MillraceError('UNAVAILABLE', 'The replica died.'))
  }

  close(): Promise<void> {
    this.#end(new MillraceError('CANCELLED', 'The connection was closed.'))
    return Promise.resolve()
  }

  /** Stops the process during its work; it does not even answer pings. */
  freeze(): void {
    this.#thaw ??= deferred()
    for (const work of this.#works) work.pause()
  }

  /** Continues the process. */
  thaw(): void {
    this.#thaw?.resolve()
    this.#thaw = undefined
    for (const work of this.#works) work.resume()
  }

  #work(workMs: number, { signal }: Call): Promise<void> {
    const { manner, slowness } = this.traits
    const factor = slowness(this.#begun++)
    if (signal.aborted) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      const done = (): void => {
        leave()
        if (manner === 'fails') reject(new MillraceError('UNAVAILABLE', 'The connection broke.'))
        else resolve()
      }
      const onAbort = (): void => {
        leave()
        reject(signal.reason)
      }
      const durations = { works: workMs * factor, fails: breakMs, hangs: Number.POSITIVE_INFINITY }
      const work = new Work(this.#options.clock, durations[manner], done)
      const leave = (): void => {
        work.pause()
        this.#works.delete(work)
        signal.removeEventListener('abort', onAbort)
      }
      this.#works.add(work)
      signal.addEventListener('abort', onAbort)
      if (this.#thaw === undefined) work.resume()
    })
  }

  #end(error: MillraceError): void {
    for (const work of this.#works) work.pause()
    for (const giveBack of [...this.#hops]) giveBack(error)
    this.#gone.resolve({ reason: error.message })
  }
}
