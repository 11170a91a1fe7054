import { expect } from 'vitest'
import { callOf as call } from '../call/call.suite.js'
import type { MillraceError } from '../errors.js'
import { deferred } from '../lib/deferred.js'
import { ask, failureOf, fakeService, type TransportCases } from './fixture.suite.js'

/** How every kind of transport ends, and what becomes of calls in flight. */
export function closingCases({ it, open }: TransportCases): void {
  it('answers what is in flight before a closing listener is gone, and refuses what comes later', async () => {
    const began = deferred()
    const release = deferred()
    const { channel, listener } = await open(
      fakeService({
        async handle(request) {
          began.resolve()
          await release.promise
          return request.answer()
        },
      }),
    )
    const reply = channel.handle(ask(), call())
    await began.promise
    const closing = listener.close({ graceMs: 60_000 })
    const refused = await failureOf(channel.handle(ask(), call()))
    expect(refused).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    release.resolve()
    expect((await reply).endpoint).toBe('/a')
    await closing
    expect(await channel.closed).toHaveProperty('reason')
    await listener.close()
  })

  it('says of what was on its way to a closing listener that it has not run', async () => {
    const { channel, listener } = await open(fakeService({}))
    await channel.handle(ask(), call())
    const outcomes: Promise<unknown>[] = []
    const closed = listener.close()
    for (let turn = 0; turn < 20; turn++) {
      outcomes.push(
        channel.handle(ask(), call()).then(
          () => 'answered',
          (error: MillraceError) => ({ code: error.code, notRun: error.notRun }),
        ),
      )
      await new Promise((resolve) => setImmediate(resolve))
    }
    await closed
    for (const outcome of await Promise.all(outcomes)) {
      if (outcome !== 'answered') expect(outcome).toEqual({ code: 'UNAVAILABLE', notRun: true })
    }
  })

  it('waits no longer than the grace period', async () => {
    const { service, began, aborted } = stuckService()
    const { channel, listener } = await open(service)
    const reply = failureOf(channel.handle(ask(), call()))
    await began.promise
    await listener.close({ graceMs: 20 })
    expect(await reply).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    await aborted.promise
  })

  it('fails all calls in flight when the peer dies, and says so', async () => {
    const began = deferred()
    let calls = 0
    const { channel, kill } = await open(
      fakeService({
        handle() {
          if (++calls === 3) began.resolve()
          return new Promise(() => {})
        },
      }),
    )
    const replies = [1, 2, 3].map(() => failureOf(channel.handle(ask(), call())))
    await began.promise
    kill()
    for (const error of await Promise.all(replies)) {
      expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    }
    expect((await channel.closed).reason).toMatch(/\w/)
    expect(await failureOf(channel.handle(ask(), call()))).toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('ends calls in flight when it is closed, and takes no more', async () => {
    const { service, began, aborted } = stuckService()
    const { channel } = await open(service)
    const reply = failureOf(channel.handle(ask(), call()))
    await began.promise
    await channel.close()
    await channel.close()
    expect((await reply).code).toBe('CANCELLED')
    expect((await failureOf(channel.handle(ask(), call()))).code).toBe('CANCELLED')
    expect((await failureOf(channel.describe())).code).toBe('CANCELLED')
    await aborted.promise
  })
}

/** Never answers; `began` resolves when a call has arrived, `aborted` when it was aborted. */
function stuckService() {
  const began = deferred()
  const aborted = deferred()
  const service = fakeService({
    handle(_request, { signal }) {
      signal.addEventListener('abort', () => aborted.resolve())
      began.resolve()
      return new Promise(() => {})
    },
  })
  return { service, began, aborted }
}
