import type { Call, Handler, StreamHandler } from '../call/call.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import type { Channel } from '../transport/transport.js'
import type { DataRequest } from '../wire/data-request.js'
import type { SingleDocumentRequest } from '../wire/single-document-request.js'
import { type Endpoint, Endpoints } from './endpoints.js'
import { createPolicy, type PolicyName } from './policies/index.js'

export interface PoolOptions {
  /** Name of the stage, for messages. */
  readonly stage: string
  readonly policy: PolicyName
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
}

interface PoolLoad {
  readonly waiting: number
  readonly waitingBytes: number
  readonly replicas: readonly {
    readonly name: string
    readonly state: 'ready' | 'ejected' | 'probing' | 'silent' | 'lost'
    readonly inFlight: number
    readonly latencyMs: number | null
  }[]
}

/** The replicas of one stage behind one handler: pick, send, account. */
export class Pool {
  readonly endpoints: Endpoints
  /** The replica that takes the next request; undefined when none is ready. */
  readonly pick: () => Endpoint | undefined
  readonly handle: Handler
  readonly stream: StreamHandler
  readonly #stage: string
  readonly #clock: Clock

  constructor({ stage, policy, clock, random }: PoolOptions) {
    const { pick } = createPolicy(policy, random)
    const endpoints = new Endpoints(clock)
    this.#stage = stage
    this.#clock = clock
    this.endpoints = endpoints
    this.pick = () => (endpoints.ready.length === 0 ? undefined : pick(endpoints.ready))
    this.handle = (request, call) => {
      const endpoint = this.pick()
      return endpoint === undefined ? Promise.reject(this.#nobody()) : send(endpoint, request, call)
    }
    this.stream = (request, call) => {
      const endpoint = this.pick()
      if (endpoint === undefined) throw this.#nobody()
      return sendStream(endpoint, request, call)
    }
  }

  add(name: string, channel: Channel, label?: string): Endpoint {
    return this.endpoints.add(name, channel, label)
  }

  /** Whether this very connection is listed under that name. */
  has(name: string, channel: Channel): boolean {
    return this.endpoints.get(name)?.channel === channel
  }

  /** Whether it will have a replica again, when it has none. */
  expect(_outlook: { readonly expecting: boolean; readonly why: string }): void {}

  load(): PoolLoad {
    const replicas = this.endpoints.all().map(({ name, load, readiness }) => ({
      name,
      state: readiness.ready ? ('ready' as const) : ('lost' as const),
      inFlight: load.inFlight,
      latencyMs: load.latencyMs < 0 ? null : load.latencyMs,
    }))
    return { waiting: 0, waitingBytes: 0, replicas }
  }

  /** Unlists the replica at once, waits for its requests in flight, at most `graceMs`, then closes its channel. */
  async remove(name: string, { graceMs }: { readonly graceMs: number }): Promise<void> {
    const endpoint = this.endpoints.unlist(name)
    if (endpoint === undefined) return
    await this.#idle(endpoint, graceMs)
    await endpoint.channel.close()
  }

  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    await Promise.all(this.endpoints.all().map(({ name }) => this.remove(name, { graceMs })))
  }

  async #idle({ load, channel }: Endpoint, graceMs: number): Promise<void> {
    if (load.inFlight === 0) return
    let cancel = (): void => {}
    const late = new Promise<void>((resolve) => {
      cancel = this.#clock.after(graceMs, resolve)
    })
    await Promise.race([load.idle(), late, channel.closed])
    cancel()
  }

  #nobody(): MillraceError {
    const known = this.endpoints.all().map(({ label }) => label)
    const why =
      known.length === 0 ? 'it has no replica' : `none of its replicas is connected: ${known.join(', ')}`
    const where = { deployment: this.#stage, address: known.join(', ') || this.#stage }
    return new MillraceError('UNAVAILABLE', `Nobody is there to answer for ${this.#stage}: ${why}.`, {
      where,
    })
  }
}

async function send(endpoint: Endpoint, request: DataRequest, call: Call): Promise<DataRequest> {
  const { load, channel } = endpoint
  const began = load.began()
  try {
    const answer = await channel.handle(request, call)
    load.answered(began)
    return answer
  } catch (error) {
    load.failed()
    throw located(error, endpoint, call)
  }
}

async function* sendStream(
  endpoint: Endpoint,
  request: SingleDocumentRequest,
  call: Call,
): AsyncGenerator<SingleDocumentRequest> {
  const { load, channel } = endpoint
  load.began()
  try {
    yield* channel.stream(request, call)
  } catch (error) {
    throw located(error, endpoint, call)
  } finally {
    load.failed() // how long a stream lasts says nothing about how fast the replica answers
  }
}

function located(error: unknown, { name, label }: Endpoint, call: Call): MillraceError {
  const known = MillraceError.from(error, 'UNAVAILABLE')
  const where = { pod: name, address: label }
  // a channel that is closed cancels its calls, but this caller is still there
  const removed = known.code === 'CANCELLED' && !call.signal.aborted
  if (!removed) return known.at(where)
  return new MillraceError('UNAVAILABLE', `${name} was taken away before it answered.`, {
    cause: error,
    where,
  })
}
