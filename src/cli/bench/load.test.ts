import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../errors.js'
import { type Deferred, deferred } from '../../lib/deferred.js'
import { HandClock } from '../../lib/hand-clock.suite.js'
import { type LoadOptions, type Pace, runLoad } from './load.js'

/** Lets what was resolved run. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A server whose answers the test gives, and whose clock it moves. */
function server(pace: Pace, options: Partial<LoadOptions> = {}) {
  const clock = new HandClock()
  const open: Deferred[] = []
  let sent = 0
  const ending = new AbortController()
  const measured = runLoad(pace, {
    send() {
      sent++
      const answer = deferred()
      open.push(answer)
      return answer.promise
    },
    durationMs: 1000,
    requests: Number.MAX_SAFE_INTEGER,
    clock,
    signal: ending.signal,
    ...options,
  })
  return {
    measured,
    end: () => ending.abort(),
    sent: () => sent,
    async move(ms: number): Promise<void> {
      await turn()
      for (let moved = 0; moved < ms; moved += 10) {
        clock.move(10)
        await turn()
      }
    },
    async answerAll(): Promise<void> {
      await turn()
      for (const answer of open.splice(0)) answer.resolve()
      await turn()
    },
    async failAll(): Promise<void> {
      await turn()
      for (const answer of open.splice(0)) answer.reject(new MillraceError('UNAVAILABLE', 'gone'))
      await turn()
    },
  }
}

describe('a closed loop', () => {
  it('keeps so many requests in flight, and counts latencies from when they were sent', async () => {
    const load = server({ kind: 'closed', concurrency: 3 })
    await load.move(100)
    expect(load.sent()).toBe(3)
    await load.answerAll()
    expect(load.sent()).toBe(6)
    await load.move(900)
    await load.answerAll()
    const { answered, latencies, seconds, unsent } = await load.measured
    expect({ answered, seconds, unsent }).toEqual({ answered: 6, seconds: 1, unsent: 0 })
    const { min, max } = latencies.summary()!
    expect(min).toBeCloseTo(100, 0)
    expect(max / 900).toBeCloseTo(1, 2)
  })

  it('ends after so many requests, or when it is told to, and counts failures by code', async () => {
    const load = server({ kind: 'closed', concurrency: 2 }, { requests: 3 })
    await load.failAll()
    await load.answerAll()
    const { answered, failures } = await load.measured
    expect(answered).toBe(1)
    expect([...failures]).toEqual([['UNAVAILABLE', 2]])
    const endless = server({ kind: 'closed', concurrency: 2 })
    await endless.move(10)
    endless.end()
    await endless.answerAll()
    expect((await endless.measured).answered).toBe(2)
  })
})

describe('an open loop', () => {
  const pace = { kind: 'open', rate: 100, mostInFlight: 1000 } as const

  it('sends at its rate, whether or not requests are answered', async () => {
    const load = server(pace)
    await load.move(500)
    expect(load.sent()).toBe(51)
    await load.move(500)
    await load.answerAll()
    const { answered, unsent } = await load.measured
    expect({ answered, unsent }).toEqual({ answered: 100, unsent: 0 })
  })

  it('charges a stall to all requests that had to wait', async () => {
    const load = server({ ...pace, mostInFlight: 1 }, { requests: 50 })
    await load.move(400)
    expect(load.sent()).toBe(1)
    // from now on the server answers at once, and what was due is sent without a pause
    for (let request = 0; request < 50; request++) await load.answerAll()
    await load.move(100)
    for (let request = 0; request < 50; request++) {
      await load.answerAll()
      await load.move(10)
    }
    const { answered, latencies } = await load.measured
    expect(answered).toBe(50)
    // the first waited 400 ms, the 21st, due after 200 ms, waited 200 ms: so half of them took that long or longer
    const { percentiles, max } = latencies.summary()!
    expect(max).toBeGreaterThanOrEqual(400)
    expect(percentiles['50']).toBeGreaterThan(100)
  })

  it('tells how many were due and not sent', async () => {
    const load = server({ ...pace, mostInFlight: 10 })
    await load.move(1000)
    await load.answerAll()
    expect(await load.measured).toMatchObject({ answered: 10, unsent: 90 })
  })
})
