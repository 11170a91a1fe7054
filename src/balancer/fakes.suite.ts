import type { Call } from '../call/call.js'
import type { Clock } from '../lib/clock.js'
import { deferred } from '../lib/deferred.js'
import type { Channel } from '../transport/transport.js'
import type { DataRequest } from '../wire/data-request.js'

/** Time that a test moves. */
export class HandClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ at: number; wake: () => void }>()

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, wake: () => void): () => void {
    const timer = { at: this.#now + ms, wake }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** That somebody waits for. */
  get timers(): number {
    return this.#timers.size
  }

  /** Wakes whatever is due on the way, in order. */
  move(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const next = [...this.#timers].sort((one, two) => one.at - two.at)[0]
      if (next === undefined || next.at > until) break
      this.#timers.delete(next)
      this.#now = next.at
      next.wake()
    }
    this.#now = until
  }
}

export interface FakeChannel extends Channel {
  /** Requests that wait for `answer` or `fail`, oldest first. */
  readonly waiting: { answer(): void; fail(error: unknown): void }[]
  /** Requests that came. */
  readonly sent: number
  readonly isClosed: () => boolean
  lose(reason: string): void
}

export function fakeChannel(): FakeChannel {
  const closed = deferred<{ reason: string }>()
  let isClosed = false
  let sent = 0
  const waiting: FakeChannel['waiting'] = []
  return {
    waiting,
    get sent() {
      return sent
    },
    isClosed: () => isClosed,
    lose: (reason) => closed.resolve({ reason }),
    leaving: closed.promise,
    closed: closed.promise,
    ping: () => Promise.resolve(),
    handle(request: DataRequest, call: Call) {
      sent++
      const answer = deferred<DataRequest>()
      call.onAbort({ abort: answer.reject })
      waiting.push({ answer: () => answer.resolve(request.answer()), fail: (error) => answer.reject(error) })
      return answer.promise
    },
    async *stream(request) {
      yield request.answer()
    },
    describe: async () => ({ endpoints: [], writeEndpoints: [], streamEndpoints: [], schemas: {} }),
    async close() {
      isClosed = true
      closed.resolve({ reason: 'closed' })
    },
  }
}
