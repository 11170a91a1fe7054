import { describe, expect, test } from 'vitest'
import { Scope } from '../call/scope.js'
import { MillraceError, type MillraceErrorOptions } from '../errors.js'
import { DataRequest } from '../wire/data-request.js'
import { Budget } from './budget.js'
import { HandClock } from '../lib/hand-clock.suite.js'
import { type FakeChannel, fakeChannel } from './fakes.suite.js'
import { seeded } from '../lib/seeded.js'
import { Pool } from './pool.js'
import { retrying } from './retry.js'

const gone = (options: MillraceErrorOptions = {}): MillraceError =>
  new MillraceError('UNAVAILABLE', 'the pod is gone', options)

function stage(
  replicas: number,
  { retries = -1, reserve = 100, perReplica = 10, timeoutSendMs = null as number | null } = {},
) {
  const clock = new HandClock()
  const random = seeded(1)
  const queue = { maxRequests: 1000, maxBytes: 1e6, maxWaitMs: 2000, perReplica }
  const pool = new Pool({ stage: 'exec', policy: 'round-robin', queue, timeoutSendMs, clock, random })
  const channels = Array.from({ length: replicas }, (_, index) => {
    const channel = fakeChannel()
    pool.add(`exec/rep-${index}`, channel)
    return channel
  })
  const handle = retrying({
    pool,
    retries,
    maxLostReplicas: 2,
    clock,
    random,
    budget: new Budget({ clock, share: 0, reserve }),
    isWrite: (endpoint) => endpoint === '/index',
    attempt: (request, call, itinerary) => pool.send(request, call, itinerary),
  })
  const ask = (endpoint = '/search', scope = new Scope(Number.POSITIVE_INFINITY, {})): Promise<DataRequest> =>
    handle(DataRequest.create({ endpoint }), scope)
  return { clock, pool, channels, ask, taken: () => channels.map(({ sent }) => sent) }
}

/** Lets promises settle until nothing happens any more. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

async function failNext(channels: readonly FakeChannel[], error: MillraceError): Promise<void> {
  channels
    .find(({ waiting }) => waiting.length > 0)!
    .waiting.shift()!
    .fail(error)
  await settle()
}

describe('a read', () => {
  test('is sent again to replicas that did not have it, whatever became of the first', async () => {
    const { channels, ask, taken } = stage(3)
    const answer = ask()
    await failNext(channels, gone())
    await failNext(channels, gone())
    expect(taken().sort()).toEqual([1, 1, 1])
    channels.find(({ waiting }) => waiting.length > 0)!.waiting[0]!.answer()
    expect((await answer).endpoint).toBe('/search')
  })

  test('comes back to a replica only after all had it, and after a pause', async () => {
    const { channels, ask, taken, clock } = stage(2)
    void ask().catch(() => {})
    await failNext(channels, gone())
    await failNext(channels, gone())
    expect(taken()).toEqual([1, 1])
    clock.move(1000)
    await settle()
    expect(taken().reduce((sum, one) => sum + one)).toBe(3)
  })

  test('is tried max(3, replicas) times more by default, as in Jina', async () => {
    const { channels, ask, taken, clock } = stage(1)
    const answer = ask()
    for (let attempt = 0; attempt < 4; attempt++) {
      await failNext(channels, gone())
      clock.move(1000)
      await settle()
    }
    await expect(answer).rejects.toMatchObject({ code: 'UNAVAILABLE', where: { pod: 'exec/rep-0' } })
    expect(taken()).toEqual([4])
  })

  test('is not tried again with retries: 0', async () => {
    const { channels, ask, taken } = stage(2, { retries: 0 })
    const answer = ask()
    await failNext(channels, gone())
    await expect(answer).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(taken().sort()).toEqual([0, 1])
  })

  test('is tried again within the budget only, but for its first lost replica', async () => {
    const { channels, ask, taken } = stage(5, { reserve: 0 })
    const answer = ask()
    await failNext(channels, gone())
    await failNext(channels, gone())
    await expect(answer).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(taken().reduce((sum, one) => sum + one)).toBe(2)
  })

  test('that was too slow at one replica is tried at the others, not at the same one', async () => {
    const { ask, taken, clock } = stage(2, { timeoutSendMs: 100 })
    const answer = ask()
    clock.move(100)
    await settle()
    expect(taken()).toEqual([1, 1])
    clock.move(100)
    await expect(answer).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(taken()).toEqual([1, 1])
  })

  test('is not tried again once its caller has left', async () => {
    const { channels, ask, taken } = stage(3)
    const scope = new Scope(Number.POSITIVE_INFINITY, {})
    const answer = ask('/search', scope)
    scope.abort(new MillraceError('CANCELLED', 'enough'))
    await failNext(channels, gone())
    await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(taken().reduce((sum, one) => sum + one)).toBe(1)
  })

  test('is not tried again for a failure that repeating cannot mend', async () => {
    const { channels, ask, taken } = stage(3)
    const answer = ask()
    await failNext(channels, new MillraceError('RESOURCE_EXHAUSTED', 'too large', { retryable: false }))
    await expect(answer).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    expect(taken().reduce((sum, one) => sum + one)).toBe(1)
  })
})

describe('a write', () => {
  test('whose replica was lost while it had it is not sent again: its outcome is unknown', async () => {
    const { channels, ask, taken } = stage(3)
    const answer = ask('/index')
    await failNext(channels, gone())
    await expect(answer).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      retryable: false,
      where: { pod: 'exec/rep-0' },
    })
    expect(taken().reduce((sum, one) => sum + one)).toBe(1)
  })

  test.each([
    ['the replica is stopping', gone({ notRun: true })],
    [
      'the replica has as many as it takes',
      new MillraceError('RESOURCE_EXHAUSTED', 'full', { notRun: true }),
    ],
  ])('is sent again when it cannot have run: %s', async (_why, error) => {
    const { channels, ask, taken } = stage(2)
    const answer = ask('/index')
    await failNext(channels, error)
    channels.find(({ waiting }) => waiting.length > 0)!.waiting[0]!.answer()
    await answer
    expect(taken()).toEqual([1, 1])
  })

  test('that ran out of time says so, and is not sent again', async () => {
    const { ask, taken, clock } = stage(2, { timeoutSendMs: 100 })
    const answer = ask('/index')
    clock.move(100)
    await expect(answer).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(taken().reduce((sum, one) => sum + one)).toBe(1)
  })

  test('does not go to a replica on probation while there is another', async () => {
    const { pool, clock, ask, taken } = stage(2)
    const [first] = pool.endpoints.all()
    for (let failure = 0; failure < 5; failure++) first!.health.breaker.failed()
    clock.move(1000)
    expect(first!.health.state).toBe('probing')
    for (let write = 0; write < 4; write++) void ask('/index')
    expect(taken()).toEqual([0, 4])
  })

  test('ends the probation of a replica where there are no reads', async () => {
    const { pool, channels, clock, ask, taken } = stage(2)
    const [first] = pool.endpoints.all()
    for (let failure = 0; failure < 5; failure++) first!.health.breaker.failed()
    clock.move(2000)
    for (let write = 0; write < 8; write++) {
      const answer = ask('/index')
      channels
        .find(({ waiting }) => waiting.length > 0)!
        .waiting.shift()!
        .answer()
      await answer
    }
    expect(first!.health.state).toBe('ready')
    expect(taken()[0]).toBeGreaterThanOrEqual(3)
  })

  test('whose replica broke off the exchange is not known to be done or not', async () => {
    const { channels, ask } = stage(1)
    const answer = ask('/index')
    await failNext(channels, new MillraceError('INTERNAL', 'the stream was reset'))
    await expect(answer).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false })
  })

  test('that a server behind the replica refused may have run there', async () => {
    const { channels, ask } = stage(1)
    const answer = ask('/index')
    await failNext(channels, new MillraceError('RESOURCE_EXHAUSTED', 'full'))
    await expect(answer).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false })
  })
})

test('requests whose only replica died wait for its successor', async () => {
  const { pool, channels, ask } = stage(1)
  pool.expect({ expecting: true, why: '' })
  const answer = ask()
  channels[0]!.lose('killed')
  await failNext(channels, gone())
  await pool.remove('exec/rep-0', { graceMs: 0 })
  const successor = fakeChannel()
  pool.add('exec/rep-0', successor)
  await settle()
  successor.waiting[0]!.answer()
  await answer
})

test('of many requests each is answered once, or refused by four replicas in a row', async () => {
  const { channels, ask, clock } = stage(4)
  const random = seeded(9)
  let refused = 0
  let settled = 0
  const all = Array.from({ length: 200 }, () =>
    ask()
      .catch(() => refused++)
      .finally(() => settled++),
  )
  while (settled < 200) {
    for (const { waiting } of channels) {
      for (const each of waiting.splice(0)) {
        if (random() < 0.2) each.fail(gone({ notRun: true }))
        else each.answer()
      }
    }
    await settle()
    clock.move(100)
    await settle()
  }
  await Promise.all(all)
  expect(refused).toBeLessThan(3)
})
