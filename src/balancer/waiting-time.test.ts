import { describe, expect, test } from 'vitest'
import type { Sender } from '../call/call.js'
import { Scope } from '../call/scope.js'
import { MillraceError } from '../errors.js'
import { HandClock } from '../lib/hand-clock.suite.js'
import { seeded } from '../lib/seeded.js'
import { DataRequest } from '../wire/data-request.js'
import { fakeChannel } from './fakes.suite.js'
import { Pool } from './pool.js'

/** A stage with one replica that takes 100 ms, one request at a time, and a client's request with a deadline of 10 minutes. */
function stageOf() {
  const clock = new HandClock()
  const queue = { maxRequests: 1000, maxBytes: 1e6, maxWaitMs: 2000, perReplica: 1 }
  const pool = new Pool({
    ...{ stage: 'exec', policy: 'least-in-flight', timeoutSendMs: null },
    ...{ clock, queue, random: seeded(1) },
  })
  const channel = fakeChannel()
  pool.add('exec/rep-0', channel)
  const counts = { answered: 0, refused: 0, sent: 0 }
  const waits: number[] = []
  const send = async (sender: Sender): Promise<MillraceError | undefined> => {
    counts.sent++
    const began = clock.now()
    const request = DataRequest.create({ endpoint: '/foo' })
    try {
      await pool.send(request, new Scope(began + 600_000, {}, sender), { tried: [], write: false })
      counts.answered++
      waits.push(clock.now() - began)
      return undefined
    } catch (error) {
      counts.refused++
      return MillraceError.from(error)
    }
  }
  /** Lets 100 ms pass, at the end of which the replica answers what it has. */
  const step = async (): Promise<void> => {
    clock.move(100)
    channel.waiting.shift()?.answer()
    for (let turn = 0; turn < 12; turn++) await Promise.resolve()
  }
  return { clock, pool, send, step, counts, waits }
}

describe('how long requests wait that have no deadline of their own', () => {
  test('a burst waits for as long as it takes', async () => {
    const { send, step, counts } = stageOf()
    const sender = { patient: false }
    void send(sender)
    await step()
    for (let n = 0; n < 300; n++) void send(sender)
    for (let n = 0; n < 300; n++) await step()
    expect(counts).toEqual({ sent: 301, answered: 301, refused: 0 })
  })

  test('under lasting overload about two seconds, and the stage answers as much as it can', async () => {
    const { send, step, counts, waits } = stageOf()
    const sender = { patient: false }
    void send(sender)
    await step()
    for (let n = 0; n < 600; n++) {
      for (let more = 0; more < 5; more++) void send(sender)
      await step()
    }
    expect(counts.answered).toBe(601)
    const later = waits.slice(-200)
    expect(Math.max(...later)).toBeLessThanOrEqual(2500)
    expect(Math.min(...later)).toBeGreaterThan(1000)
  })

  test('a refusal says when to send again, and that it did not run', async () => {
    const { send, step } = stageOf()
    const sender = { patient: false }
    void send(sender)
    await step()
    for (let n = 0; n < 100; n++) void send(sender)
    for (let n = 0; n < 60; n++) await step()
    expect(await send(sender)).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      notRun: true,
      retryAfterMs: expect.any(Number),
      message: expect.stringMatching(/exec .* would wait for about \d+ ms \(queue.maxWaitMs is 2000\)/),
    })
  })

  test('another client is neither refused for it nor kept waiting, with a short deadline either', async () => {
    const { clock, pool, send, step, counts } = stageOf()
    const [greedy, modest] = [{ patient: false }, { patient: false }]
    void send(greedy)
    await step()
    for (let n = 0; n < 200; n++) void send(greedy)
    for (let n = 0; n < 60; n++) await step()
    const before = counts.answered
    const mine = send(modest)
    await step()
    await step()
    expect(await mine).toBeUndefined()
    expect(counts.answered - before).toBe(2)
    const urgent = pool.send(
      DataRequest.create({ endpoint: '/foo' }),
      new Scope(clock.now() + 500, {}, modest),
      { tried: [], write: false },
    )
    await step()
    await step()
    expect(await urgent).toBeInstanceOf(DataRequest)
  })
})
