import { describe, expect, test } from 'vitest'
import type { Call } from '../call/call.js'
import { Scope } from '../call/scope.js'
import { MillraceError } from '../errors.js'
import { DataRequest } from '../wire/data-request.js'
import { HandClock } from '../lib/hand-clock.suite.js'
import { fakeChannel } from './fakes.suite.js'
import { hedged, type HedgeOptions } from './hedge.js'
import { seeded } from '../lib/seeded.js'
import { Pool } from './pool.js'

function stage(more: Partial<HedgeOptions> = {}) {
  const clock = new HandClock()
  const queue = { maxRequests: 100, maxBytes: 1e6, maxWaitMs: 2000, perReplica: 10 }
  const pool = new Pool({
    stage: 'exec',
    policy: 'round-robin',
    queue,
    timeoutSendMs: null,
    clock,
    random: seeded(1),
  })
  const signals: AbortSignal[] = []
  const channels = ['exec/rep-0', 'exec/rep-1'].map((name) => {
    const channel = fakeChannel()
    pool.add(name, {
      ...channel,
      handle(request: DataRequest, call: Call) {
        signals.push(call.signal)
        return channel.handle(request, call)
      },
    })
    return channel
  })
  const attempt = hedged({ pool, afterMs: 20, afterPercentile: null, budget: 1, clock, ...more })
  const ask = (write = false): Promise<DataRequest> =>
    attempt(DataRequest.create({ endpoint: '/search' }), new Scope(Number.POSITIVE_INFINITY, {}), {
      tried: [],
      write,
    })
  return { clock, channels, ask, signals, sent: () => channels.map(({ sent }) => sent) }
}

describe('a hedged request', () => {
  test('is sent once when it is answered in time', async () => {
    const { clock, channels, ask, sent } = stage()
    const answer = ask()
    channels[0]!.waiting[0]!.answer()
    await answer
    clock.move(1000)
    expect(sent()).toEqual([1, 0])
  })

  test('goes to another replica when the first is slow; the first answer counts and the other try is cancelled', async () => {
    const { clock, channels, ask, sent, signals } = stage()
    const answer = ask()
    clock.move(20)
    expect(sent()).toEqual([1, 1])
    channels[1]!.waiting[0]!.answer()
    await answer
    expect(signals[0]!.aborted).toBe(true)
    expect(signals[0]!.reason).toMatchObject({ code: 'CANCELLED' })
  })

  test('fails only when both tries did', async () => {
    const { clock, channels, ask } = stage()
    const answer = ask()
    clock.move(20)
    channels[0]!.waiting[0]!.fail(new MillraceError('UNAVAILABLE', 'gone'))
    await Promise.resolve()
    channels[1]!.waiting[0]!.fail(new MillraceError('UNAVAILABLE', 'gone as well'))
    await expect(answer).rejects.toMatchObject({ message: 'gone as well' })
  })

  test('is never sent twice when it writes', () => {
    const { clock, ask, sent } = stage()
    void ask(true)
    clock.move(1000)
    expect(sent()).toEqual([1, 0])
  })

  test('costs no more than its budget', () => {
    const { clock, ask, sent } = stage({ budget: 0.1 })
    for (let request = 0; request < 10; request++) void ask()
    clock.move(20)
    expect(sent().reduce((sum, one) => sum + one)).toBe(12) // a tenth of ten, and the reserve of one
  })

  test('comes later when there is no budget for it at first', () => {
    const { clock, ask, sent } = stage({ budget: 0.1 })
    const all = (): number => sent().reduce((sum, one) => sum + one)
    for (let request = 0; request < 2; request++) void ask()
    clock.move(20)
    expect(all()).toBe(3) // the reserve of one
    clock.move(10)
    for (let request = 0; request < 8; request++) void ask()
    expect(all()).toBe(11)
    clock.move(10) // too soon for a hedge of the new ones
    expect(all()).toBe(12)
  })

  test('waits for a percentile of what others took, once enough are known', async () => {
    const { clock, channels, ask, sent } = stage({ afterMs: null, afterPercentile: 90 })
    void ask()
    clock.move(10_000)
    expect(sent()).toEqual([1, 0])
    for (let request = 0; request < 40; request++) {
      const answer = ask()
      clock.move(10)
      for (const { waiting } of channels) for (const each of waiting.splice(0)) each.answer()
      await answer
    }
    const before = sent().reduce((sum, one) => sum + one)
    void ask()
    clock.move(9)
    expect(sent().reduce((sum, one) => sum + one)).toBe(before + 1)
    clock.move(3)
    expect(sent().reduce((sum, one) => sum + one)).toBe(before + 2)
  })
})
