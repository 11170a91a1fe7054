import { expect, it } from 'vitest'
import { Scope } from '../call/scope.js'
import { HandClock } from '../lib/hand-clock.suite.js'
import { RateLimiter } from './rate-limit/rate-limiter.js'
import { request } from './fixture.suite.js'
import { RequestStream, type StreamPeer } from './streamer.js'

/** A stream of a caller with one request a second. */
function limitedStream() {
  const clock = new HandClock()
  const caller = { headers: {}, address: '10.0.0.1' }
  const limiter = new RateLimiter({ perSecond: 1, burst: 2, by: 'address' }, clock)
  const log: string[] = []
  const peer: StreamPeer = {
    answer: () => true,
    end: () => log.push('end'),
    fail: ({ code }) => log.push(code),
    pause: () => log.push('pause'),
    resume: () => log.push('resume'),
    release: () => {},
    reserve: () => true,
  }
  expect(limiter.check(caller)).toBeNull()
  const handled: string[] = []
  const stream = new RequestStream(
    async (data) => {
      handled.push(data.docs.texts[0]!)
      return data.answer()
    },
    peer,
    new Scope(Number.POSITIVE_INFINITY, {}),
    {
      prefetch: 0,
      maxBytes: 1e6,
      countRequest: limiter.counter(caller),
      isFull: () => false,
      timeoutMs: null,
      clock,
      inOrder: false,
    },
  )
  return {
    clock,
    limiter,
    caller,
    log,
    handled,
    stream,
    push: (text: string) => stream.push(request('/', [text]), 10),
  }
}

it('a stream is read no faster than its caller may send, and no request of it is refused', async () => {
  const { clock, log, handled, stream, push } = limitedStream()
  push('a')
  expect(log).toEqual([])
  push('b')
  expect(log).toEqual(['pause'])
  clock.move(999)
  expect(log).toEqual(['pause'])
  expect(stream.isIdle).toBe(false)
  clock.move(1)
  expect(log).toEqual(['pause', 'resume'])
  push('c')
  expect(log).toEqual(['pause', 'resume', 'pause'])
  stream.end()
  await new Promise(setImmediate)
  expect(handled).toEqual(['a', 'b', 'c'])
  expect(log.at(-1)).toBe('end')
  expect(clock.timers).toBe(0)
})

it('requests of other calls of the caller are refused meanwhile', () => {
  const { limiter, caller, push } = limitedStream()
  push('a')
  push('b')
  expect(limiter.check(caller)).toMatchObject({ retryAfterMs: 1000 })
})

it('a stream whose client leaves while it is paused keeps no timer', () => {
  const { clock, stream, push } = limitedStream()
  push('a')
  push('b')
  expect(clock.timers).toBe(1)
  stream.abandon()
  expect(clock.timers).toBe(0)
})
