/**
 * Tracks the pods of some Services of a namespace with one watch of their EndpointSlices.
 *
 * 1. Subscribers always have the API's latest state: a list replaces everything, events apply in order.
 * 2. A watch that ends resumes from the last version seen; when the server no longer has that version (410), from a new list.
 * 3. While the API cannot be reached, the last state is kept. After `blindAfterMs`, or when the API refuses, subscribers are
 *    told that the state is unknown, until the next list.
 */
import type { Clock } from '../../lib/clock.js'
import { pause } from '../../lib/pause.js'
import { ApiError, type Api, type SliceEvent } from './api.js'
import { EndpointSlices } from './endpoint-slices.js'

export interface Subscriber {
  readonly service: string
  found(hosts: ReadonlySet<string>): void
  /** The state is unknown, for this reason. */
  blind(why: string): void
}

export interface WatchTools {
  readonly api: Api
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** Logs a sentence. */
  say(sentence: string): void
}

/** Pauses after failures in a row. */
const firstBackoffMs = 500
const longestBackoffMs = 15_000
/** Pause after a refusal; long, because permissions are granted by people. */
const refusedMs = 30_000
/** How long the API may be unreachable (it may be restarting) before subscribers fall back to DNS. */
const blindAfterMs = 10_000

type Sight =
  | { readonly state: 'starting' }
  | { readonly state: 'seeing' }
  /** Since when the API has not answered. */
  | { readonly state: 'losing'; readonly since: number }
  | { readonly state: 'blind' }

export class EndpointWatch {
  readonly #namespace: string
  readonly #tools: WatchTools
  readonly #subscribers: Subscriber[] = []
  readonly #told = new Map<Subscriber, ReadonlySet<string>>()
  readonly #slices = new EndpointSlices()
  readonly #over = new AbortController()
  #sight: Sight = { state: 'starting' }
  #version = ''
  #failures = 0
  #isOpen = false

  constructor(namespace: string, tools: WatchTools) {
    this.#namespace = namespace
    this.#tools = tools
  }

  /** Subscribe before `open()`: the watch selects the subscribed Services. */
  subscribe(subscriber: Subscriber): void {
    this.#subscribers.push(subscriber)
  }

  /** The watch ends with its last subscriber. */
  unsubscribe(subscriber: Subscriber): void {
    const at = this.#subscribers.indexOf(subscriber)
    if (at >= 0) this.#subscribers.splice(at, 1)
    if (this.#subscribers.length === 0) this.#over.abort()
  }

  /** Starts the watch; idempotent. */
  open(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    void this.#run() // never rejects
  }

  async #run(): Promise<void> {
    const { signal } = this.#over
    while (!signal.aborted) {
      const began = this.#tools.clock.monotonic()
      const waitMs = await this.#once(signal).then(
        () => (this.#tools.clock.monotonic() - began < firstBackoffMs ? firstBackoffMs : 0),
        (error: unknown) => this.#failed(error),
      )
      if (waitMs > 0) await pause(waitMs, { signal, clock: this.#tools.clock })
    }
  }

  /** Lists if needed, then watches once until the watch ends. */
  async #once(signal: AbortSignal): Promise<void> {
    const { api } = this.#tools
    const services = [...new Set(this.#subscribers.map(({ service }) => service))].sort()
    const query = { namespace: this.#namespace, services }
    if (this.#version === '') {
      const { metadata, items } = await api.list(query, signal)
      if (signal.aborted) return
      this.#slices.replace(items)
      this.#version = metadata.resourceVersion
      this.#see()
    }
    for await (const event of api.watch(query, this.#version, signal)) {
      if (signal.aborted) return
      this.#hear(event)
    }
    this.#see()
  }

  #hear(event: SliceEvent): void {
    if (event.type === 'ERROR') {
      const { code = 500, message = 'the watch failed' } = event.object
      throw new ApiError(code, message)
    }
    this.#version = event.object.metadata.resourceVersion
    if (event.type === 'DELETED') this.#slices.remove(event.object)
    else if (event.type !== 'BOOKMARK') this.#slices.put(event.object)
    this.#see()
  }

  /** The state is up to date: tell subscribers. */
  #see(): void {
    if (this.#sight.state === 'blind')
      this.#tools.say('EndpointSlices are watched again; names are no longer looked up.')
    this.#sight = { state: 'seeing' }
    this.#failures = 0
    for (const subscriber of this.#subscribers) {
      const hosts = this.#slices.hosts(subscriber.service)
      if (isSame(this.#told.get(subscriber), hosts)) continue
      this.#told.set(subscriber, hosts)
      subscriber.found(hosts)
    }
  }

  /** Returns how long to wait, in milliseconds. */
  #failed(error: unknown): number {
    if (this.#over.signal.aborted) return 0
    const status = error instanceof ApiError ? error.status : 0
    const isForgotten = status === 410
    if (isForgotten) this.#version = ''
    // the server no longer has that version: list again
    if (status === 400 || status === 504) this.#version = ''
    this.#failures++
    if (isForgotten && this.#failures === 1) return 0
    if (status === 401 || status === 403) {
      this.#lose(sentence(this.#namespace, error), true)
      return refusedMs
    }
    this.#lose(sentence(this.#namespace, error), false)
    const most = Math.min(firstBackoffMs * 2 ** (this.#failures - 1), longestBackoffMs)
    return most * (0.5 + this.#tools.random() / 2)
  }

  #lose(why: string, isRefused: boolean): void {
    const now = this.#tools.clock.monotonic()
    if (this.#sight.state === 'blind') return
    if (this.#sight.state === 'seeing') this.#sight = { state: 'losing', since: now }
    const isOver = this.#sight.state === 'starting' || now - this.#sight.since >= blindAfterMs
    if (!isRefused && !isOver) return
    this.#sight = { state: 'blind' }
    this.#version = ''
    this.#told.clear()
    this.#tools.say(`${why} Until it can, it looks up the names of the Services each second.`)
    for (const subscriber of this.#subscribers) subscriber.blind(why)
  }
}

function sentence(namespace: string, error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error)
  return `The gateway cannot watch the EndpointSlices of namespace ${namespace}: ${message.replace(/\.?$/, '.')}`
}

function isSame(one: ReadonlySet<string> | undefined, other: ReadonlySet<string>): boolean {
  return one !== undefined && one.size === other.size && [...one].every((host) => other.has(host))
}
