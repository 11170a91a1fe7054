import { expect } from 'vitest'
import { callOf as call } from '../call/call.suite.js'
import { ask, failureOf, fakeService, type TransportCases } from './fixture.suite.js'

/** What every kind of transport refuses because of its size. */
export function sizeCases({ it, open }: TransportCases): void {
  it('refuses a request that is too large before it is sent, and the channel stays usable', async () => {
    const { channel } = await open(fakeService({}), { dial: { maxFrameBytes: 10_000 } })
    const error = await failureOf(channel.handle(ask('/a', { much: 'x'.repeat(20_000) }), call()))
    expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryable: false })
    expect((await channel.handle(ask(), call())).endpoint).toBe('/a')
  })

  it('refuses a request that is too large for the serving end, and the channel stays usable', async () => {
    const { channel } = await open(fakeService({}), { listen: { maxFrameBytes: 10_000 } })
    const error = await failureOf(channel.handle(ask('/a', { much: 'x'.repeat(200_000) }), call()))
    expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryable: false })
    expect((await channel.handle(ask(), call())).endpoint).toBe('/a')
  })

  it('refuses an answer that is too large, and the channel stays usable', async () => {
    const long = fakeService({
      handle(request) {
        const answer = request.answer()
        if (request.endpoint === '/long') answer.parameters = { much: 'x'.repeat(200_000) }
        return Promise.resolve(answer)
      },
    })
    for (const limited of ['dial', 'listen']) {
      const { channel } = await open(long, { [limited]: { maxFrameBytes: 10_000 } })
      const error = await failureOf(channel.handle(ask('/long'), call()))
      expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryable: false })
      expect((await channel.handle(ask(), call())).endpoint).toBe('/a')
    }
  })
}
