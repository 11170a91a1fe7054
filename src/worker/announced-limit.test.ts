import { afterEach, expect, test } from 'vitest'
import { callOf } from '../call/call.suite.js'
import { deferred } from '../lib/deferred.js'
import { dial } from '../transport/index.js'
import type { Channel } from '../transport/transport.js'
import { DataRequest } from '../wire/data-request.js'
import { concurrencyLimit } from './concurrency-limit.js'
import { Lane } from './lane.js'

const channels: Channel[] = []
afterEach(async () => {
  for (const channel of channels.splice(0)) await channel.close()
})

/** A channel to a lane; `/wait` holds until the gate opens, other endpoints answer at once. */
async function connected() {
  const lane = new Lane({ limit: null })
  const gate = deferred()
  const channel = await dial({
    kind: 'memory',
    service: {
      handle: (request, call) =>
        lane.run(call, async () => {
          if (request.endpoint === '/wait') await gate.promise
          return request.answer()
        }),
      describe: () => ({ endpoints: [], writeEndpoints: [], streamEndpoints: [], schemas: {} }),
      concurrency: concurrencyLimit(lane),
    },
  })
  channels.push(channel)
  const send = (endpoint: string): Promise<DataRequest> =>
    channel.handle(DataRequest.create({ endpoint }), callOf())
  return { channel, send, gate }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a caller below its limit when the limit grows hears of it once it needs it', async () => {
  const { channel, send, gate } = await connected()
  const first = send('/wait')
  await send('/short') // ends before the event loop turns, and the first task counts no more once it has turned
  for (let turns = 0; turns < 5; turns++) await turn()
  const second = send('/wait')
  await expect.poll(() => channel.limit).toBeGreaterThan(2)
  gate.resolve()
  await Promise.all([first, second])
})

test('every one of many callers that wait for each other runs', async () => {
  const { channel, send, gate } = await connected()
  const waiting: Promise<unknown>[] = []
  const room = (): boolean => waiting.length < channel.limit!
  await expect.poll(() => channel.limit).toBe(2)
  channel.onCapacity!(() => fill())
  const fill = (): void => {
    while (room() && waiting.length < 20) waiting.push(send('/wait'))
    if (waiting.length === 20) gate.resolve()
  }
  fill()
  await gate.promise
  await Promise.all(waiting)
})
