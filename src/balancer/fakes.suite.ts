import type { Call } from '../call/call.js'
import { withText } from '../call/call.suite.js'
import { deferred } from '../lib/deferred.js'
import type { Channel } from '../transport/transport.js'
import type { DataRequest } from '../wire/data-request.js'

export interface WaitingRequest {
  answer(): void
  fail(error: unknown): void
  /** In a stream: emits one document. */
  give(text: string): void | Promise<void>
}

export interface FakeChannel extends Channel {
  /** Requests that wait for `answer` or `fail`, oldest first. */
  readonly waiting: WaitingRequest[]
  /** Number of requests sent so far. */
  readonly sent: number
  readonly isClosed: () => boolean
  lose(reason: string): void
  /** Sets whether the channel is congested, so that it takes no requests. */
  congest(isCongested: boolean): void
}

export function fakeChannel(): FakeChannel {
  const closed = deferred<{ reason: string }>()
  let isClosed = false
  let sent = 0
  let isCongested = false
  let onCapacity = (): void => {}
  const waiting: FakeChannel['waiting'] = []
  return {
    waiting,
    get sent() {
      return sent
    },
    isClosed: () => isClosed,
    lose: (reason) => closed.resolve({ reason }),
    get isCongested() {
      return isCongested
    },
    onCapacity(listener) {
      onCapacity = listener
    },
    congest(now) {
      isCongested = now
      if (!now) onCapacity()
    },
    leaving: closed.promise,
    closed: closed.promise,
    ping: () => Promise.resolve([]),
    handle(request: DataRequest, call: Call) {
      sent++
      const answer = deferred<DataRequest>()
      call.onAbort({ abort: answer.reject })
      waiting.push({
        answer: () => answer.resolve(request.answer()),
        fail: (error) => answer.reject(error),
        give: (text) => call.items!.push(withText(request, text)),
      })
      return answer.promise
    },
    describe: async () => ({ endpoints: [], writeEndpoints: [], streamEndpoints: [], schemas: {} }),
    async close() {
      isClosed = true
      closed.resolve({ reason: 'closed' })
    },
  }
}
