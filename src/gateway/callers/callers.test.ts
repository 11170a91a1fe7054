import { expect, it } from 'vitest'
import { MillraceError } from '../../errors.js'
import { HandClock } from '../../lib/hand-clock.suite.js'
import type { Purpose } from '../auth/authenticator.js'
import { RateLimiter } from '../rate-limit/rate-limiter.js'
import { createCallers } from './callers.js'

const caller = { headers: { authorization: 'Bearer a' }, address: '10.0.0.1' }
const limiter = (): RateLimiter => new RateLimiter({ perSecond: 1, burst: 1, by: 'address' }, new HandClock())

it('without auth and rateLimit nobody is asked', () => {
  expect(createCallers({ authenticator: null, limiter: null })).toBeUndefined()
})

it.each(['now', 'later'])('a call without a valid token, which is known %s, is not counted', async (when) => {
  let denial: MillraceError | null = new MillraceError('UNAUTHENTICATED', 'no')
  const authenticator = { check: () => (when === 'now' ? denial : Promise.resolve(denial)) }
  const callers = createCallers({ authenticator, limiter: limiter() })!
  expect((await callers.check(caller, 'request'))?.code).toBe('UNAUTHENTICATED')
  denial = null
  expect(await callers.check(caller, 'request')).toBeNull()
  expect((await callers.check(caller, 'request'))?.code).toBe('RESOURCE_EXHAUSTED')
})

it.each<Purpose>(['health', 'reflection', 'description'])('%s is not counted', async (purpose) => {
  const callers = createCallers({ authenticator: null, limiter: limiter() })!
  for (let n = 0; n < 5; n++) expect(await callers.check(caller, purpose)).toBeNull()
  expect(await callers.check(caller, 'request')).toBeNull()
  for (let n = 0; n < 5; n++) expect(await callers.check(caller, purpose)).toBeNull()
})

it('the requests of a stream are counted with those of other calls of its caller', async () => {
  const callers = createCallers({ authenticator: null, limiter: limiter() })!
  expect(callers.counter(caller)!()).toBe(1000)
  expect(await callers.check(caller, 'request')).toMatchObject({ retryAfterMs: 1000 })
})
