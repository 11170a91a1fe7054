import { expect } from 'vitest'
import { callOf as call, Items, streaming, withText } from '../call/call.suite.js'
import { MillraceError } from '../errors.js'
import { deferred } from '../lib/deferred.js'
import { askStream, failureOf, fakeService, type TransportCases } from './fixture.suite.js'

/** What every kind of transport does with streams of documents. */
export function streamCases({ it, open }: TransportCases): void {
  it('streams items in order, more than fit at once', async () => {
    const { channel } = await open(
      fakeService({
        handle: streaming(async function* (request) {
          for (let number = 0; number < 200; number++) yield withText(request, String(number))
        }),
      }),
    )
    const items = new Items()
    const closing = await channel.handle(askStream(), call({ items }))
    expect(items.texts).toEqual(Array.from({ length: 200 }, (_, number) => String(number)))
    expect(closing.endpoint).toBe('/s')
  })

  it('does not run ahead of the reader of a stream', async () => {
    let made = 0
    const { channel } = await open(
      fakeService({
        handle: streaming(async function* (request) {
          for (; made < 1000; made++) yield request.answer()
        }),
      }),
    )
    const room = deferred()
    const items = new Items(() => room.promise)
    const stream = channel.handle(askStream(), call({ items }))
    await expect.poll(() => items.count).toBe(1)
    await channel.describe()
    await channel.describe()
    expect(made).toBeLessThan(100)
    room.resolve()
    await stream
    expect(items.count).toBe(1000)
  })

  it('ends the stream of the service when the caller cancels, and gives it no more items', async () => {
    const ended = deferred<unknown>()
    const { channel } = await open(
      fakeService({
        handle: streaming(async function* (request, { signal }) {
          try {
            for (;;) yield request.answer()
          } finally {
            ended.resolve(signal.reason)
          }
        }),
      }),
    )
    const scope = call({
      items: new Items(() => {
        scope.abort(new MillraceError('CANCELLED', 'enough'))
      }),
    })
    const error = await failureOf(channel.handle(askStream(), scope))
    expect(error).toMatchObject({ code: 'CANCELLED', message: 'enough' })
    expect(await ended.promise).toMatchObject({ code: 'CANCELLED' })
    expect(scope.items?.count).toBe(1)
  })

  it('ends a stream at its deadline although its reader takes nothing', async () => {
    const { channel } = await open(
      fakeService({
        handle: streaming(async function* (request) {
          for (;;) yield request.answer()
        }),
      }),
    )
    const items = new Items(() => new Promise(() => {}))
    const error = await failureOf(channel.handle(askStream(), call({ items, deadline: Date.now() + 60 })))
    expect(error.code).toBe('DEADLINE_EXCEEDED')
  })

  it('passes on why a stream failed, after the items before', async () => {
    const { channel } = await open(
      fakeService({
        handle: streaming(async function* (request) {
          for (let number = 0; number < 5; number++) yield request.answer()
          throw new MillraceError('UNAVAILABLE', 'broken off')
        }),
      }),
    )
    const items = new Items(() => new Promise((resolve) => setImmediate(resolve)))
    const error = await failureOf(channel.handle(askStream(), call({ items })))
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: 'broken off' })
    expect(items.count).toBe(5)
  })

  it('ends a stream whose peer dies', async () => {
    const { channel, kill } = await open(
      fakeService({
        handle: streaming(async function* (request) {
          yield request.answer()
          await new Promise(() => {})
        }),
      }),
    )
    const began = deferred()
    const stream = failureOf(channel.handle(askStream(), call({ items: new Items(() => began.resolve()) })))
    await began.promise
    kill()
    expect(await stream).toMatchObject({ code: 'UNAVAILABLE', retryable: true, notRun: false })
  })

  it('refuses an item that is too large, and the channel stays usable', async () => {
    const ended = deferred()
    const { channel } = await open(
      fakeService({
        handle: streaming(async function* (request) {
          try {
            yield withText(request, 'short')
            yield withText(request, 'x'.repeat(20_000))
            yield withText(request, 'short')
          } finally {
            ended.resolve()
          }
        }),
      }),
      { listen: { maxFrameBytes: 10_000 } },
    )
    const items = new Items()
    const error = await failureOf(channel.handle(askStream(), call({ items })))
    expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryable: false })
    await ended.promise
    expect(items.texts).toEqual(['short'])
  })
}
