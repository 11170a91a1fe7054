import { describe, expect, it } from 'vitest'
import { HandClock } from '../../lib/hand-clock.suite.js'
import type { Caller } from '../callers/caller.js'
import { RateLimiter } from './rate-limiter.js'
import type { RateKey } from './rate-rules.js'

function limiter(by: RateKey, clock = new HandClock()): RateLimiter {
  return new RateLimiter({ perSecond: 2, burst: 1, by }, clock)
}

const from = (address: string, headers: Caller['headers'] = {}): Caller => ({ address, headers })

describe('requests are counted', () => {
  it.each<[RateKey, Caller, Caller]>([
    ['address', from('10.0.0.1', { a: '1' }), from('10.0.0.2', { a: '1' })],
    ['address', from('2001:db8:0:1::1'), from('2001:db8:0:2::1')],
    ['token', from('', { authorization: 'Bearer a' }), from('', { authorization: 'Bearer b' })],
    [{ header: 'x-tenant' }, from('', { 'x-tenant': 'a' }), from('', { 'x-tenant': 'b' })],
    [{ header: 'x-tenant' }, from('', { 'x-tenant': 'a' }), from('')],
  ])('by %j', (by, one, other) => {
    const limited = limiter(by)
    expect(limited.check(one)).toBeNull()
    expect(limited.check(one)?.code).toBe('RESOURCE_EXHAUSTED')
    expect(limited.check(other)).toBeNull()
  })

  it('together for all addresses of an IPv6 network, and however the scheme of a token is written', () => {
    const byAddress = limiter('address')
    byAddress.check(from('2001:db8::1'))
    expect(byAddress.check(from('2001:db8::2'))).not.toBeNull()
    const byToken = limiter('token')
    byToken.check(from('', { authorization: 'Bearer a' }))
    expect(byToken.check(from('', { authorization: 'bearer  a' }))).not.toBeNull()
  })
})

it('a refusal says how long to wait, and that nothing ran; the client that waits is served', () => {
  const clock = new HandClock()
  const limited = limiter('address', clock)
  limited.check(from('10.0.0.1'))
  clock.move(100)
  expect(limited.check(from('10.0.0.1'))).toMatchObject({
    retryable: true,
    notRun: true,
    retryAfterMs: 400,
    message:
      'Too many requests: each address has 2 requests a second, and 1 at once (rateLimit). Send again in 400 ms.',
  })
  clock.move(400)
  expect(limited.check(from('10.0.0.1'))).toBeNull()
  expect(limited.refused).toBe(1)
})

it('no token is in a refusal', () => {
  const limited = limiter('token')
  const caller = from('', { authorization: 'Bearer secret' })
  limited.check(caller)
  expect(limited.check(caller)?.message).not.toContain('secret')
})
