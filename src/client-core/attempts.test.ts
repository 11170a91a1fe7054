import { expect, test } from 'vitest'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { DataRequest } from '../wire/data-request.js'
import { Attempts, backoffMs } from './attempts.js'
import type { Exchange } from './exchange.js'

const unavailable = new MillraceError('UNAVAILABLE', 'nobody there')
const refused = new MillraceError('INVALID_INPUT', 'no document')
const answer = DataRequest.create({ endpoint: '/' })

/** Exchanges that play a script: errors are thrown, everything else is given. */
function scripted(
  scripts: readonly (readonly (DataRequest | MillraceError | undefined)[])[],
  maxAttempts: number,
) {
  const waits: number[] = []
  const aborted: MillraceError[] = []
  let opened = 0
  let wake = (): void => {}
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    after(ms, due) {
      waits.push(ms)
      wake = due
      if (autoWake) due()
      return () => {}
    },
  }
  let autoWake = true
  const attempts = new Attempts({
    maxAttempts,
    judged: (error) => MillraceError.from(error),
    clock,
    random: () => 0.5,
    open() {
      const script = [...scripts[opened++]!]
      return {
        next: async () => {
          const step = script.shift()
          if (step instanceof MillraceError) throw step
          return step
        },
        abort: (error: MillraceError) => aborted.push(error),
      } as unknown as Exchange
    },
  })
  return {
    attempts,
    waits,
    aborted,
    get opened() {
      return opened
    },
    hold: () => (autoWake = false),
    wake: () => wake(),
  }
}

test('waits grow from half a second by half, up to two seconds, at random after the first', () => {
  expect([1, 2, 3, 4, 5, 9].map((failures) => backoffMs(failures, () => 1))).toEqual([
    500, 750, 1125, 1687.5, 2000, 2000,
  ])
  expect(backoffMs(3, () => 0)).toBe(0)
})

test('a failure that may pass is tried again, so often', async () => {
  const it = scripted([[unavailable], [unavailable], [answer]], 3)
  expect(await it.attempts.next()).toBe(answer)
  expect(it.waits).toEqual([500, 375])
  const short = scripted([[unavailable], [unavailable], [answer]], 2)
  await expect(short.attempts.next()).rejects.toBe(unavailable)
  expect(short.opened).toBe(2)
})

test('the server is asked again no sooner than it says', async () => {
  const later = (retryAfterMs: number) =>
    new MillraceError('RESOURCE_EXHAUSTED', 'too many', { retryAfterMs })
  const it = scripted([[later(3000)], [later(5)], [answer]], 3)
  expect(await it.attempts.next()).toBe(answer)
  expect(it.waits).toEqual([3000, 375])
})

test('after an answer, and for a failure that stays, there is no other attempt', async () => {
  const it = scripted([[answer, unavailable], [answer]], 3)
  await it.attempts.next()
  await expect(it.attempts.next()).rejects.toBe(unavailable)
  const other = scripted([[refused], [answer]], 3)
  await expect(other.attempts.next()).rejects.toBe(refused)
  expect([it.opened, other.opened]).toEqual([1, 1])
})

test('an abort ends the wait', async () => {
  const it = scripted([[unavailable], [answer]], 3)
  it.hold()
  const next = it.attempts.next()
  while (it.waits.length === 0) await Promise.resolve()
  const reason = new MillraceError('CANCELLED', 'enough')
  it.attempts.abort(reason)
  await expect(next).rejects.toBe(reason)
  expect(it.opened).toBe(1)
})
