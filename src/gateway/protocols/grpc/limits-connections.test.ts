import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import {
  flags,
  frameTypes,
  headerBlock,
  hello,
  open,
  paths,
  post,
  prefixed,
  raw,
  serversOfTests,
} from './server.suite.js'

const start = serversOfTests()
const never = (): Promise<never> => new Promise(() => {})

async function everything(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'close')
  return Buffer.concat(chunks)
}

describe('at maxConnections', () => {
  test('a connection without a call makes room', async () => {
    const { session } = await start({ limits: { maxConnections: 2 }, handle: never })
    const busy = await session()
    open(busy, paths.unary).stream.end(prefixed(new Uint8Array()))
    const idle = await session()
    const left = once(idle, 'close')
    const third = await session()
    await left
    expect((await post(third, paths.health)).headers['grpc-status']).toBe('0')
    expect(busy.closed).toBe(false)
  })

  test('a new one is refused in HTTP/2 when all are busy', async () => {
    const { session, socket } = await start({ limits: { maxConnections: 1 }, handle: never })
    const { stream } = open(await session(), paths.stream)
    stream.write(prefixed(new Uint8Array()))
    await expect.poll(() => stream.id).toBe(1)
    await new Promise((resolve) => stream.session!.ping(resolve))
    const refused = await socket()
    refused.write(hello)
    const said = await everything(refused)
    expect([said[3], said[9 + 3], said.readUInt32BE(22)]).toEqual([
      frameTypes.settings,
      frameTypes.goaway,
      11,
    ])
    expect(said.toString()).toContain('takes no more (limits.maxConnections)')
  })
})

test('a client is told how many calls it may have', async () => {
  const { session } = await start({ limits: { maxCalls: 7 } })
  expect((await session()).remoteSettings.maxConcurrentStreams).toBe(7)
})

test('a call without room in the budget is refused', async () => {
  const { session } = await start({ limits: { maxBytes: 200_000 }, maxMessageBytes: 1000, handle: never })
  const from = await session()
  const calls = Array.from({ length: 20 }, () => open(from, paths.unary))
  for (const { stream } of calls) stream.resume().end(prefixed(new Uint8Array()))
  const { headers } = await Promise.race(calls.map(({ outcome }) => outcome))
  expect(headers['grpc-status']).toBe('8')
})

describe('a flood', () => {
  const headers = (stream: number): Buffer =>
    raw({ type: frameTypes.headers, flags: flags.endHeaders, stream, payload: headerBlock(paths.unary) })
  const numbers = Array.from({ length: 20_000 }, (_, index) => index)

  test.each<[string, () => Buffer]>([
    [
      'pings',
      () => Buffer.concat(numbers.map(() => raw({ type: frameTypes.ping, payload: Buffer.alloc(8) }))),
    ],
    ['settings', () => Buffer.concat(numbers.map(() => raw({ type: frameTypes.settings })))],
    [
      'calls that are cancelled at once',
      () =>
        Buffer.concat(
          numbers.flatMap((index) => [
            headers(2 * index + 1),
            raw({ type: frameTypes.reset, stream: 2 * index + 1, payload: Buffer.of(0, 0, 0, 8) }),
          ]),
        ),
    ],
    [
      'empty data',
      () => Buffer.concat([headers(1), ...numbers.map(() => raw({ type: frameTypes.data, stream: 1 }))]),
    ],
    [
      'headers without an end',
      () =>
        Buffer.concat([
          raw({ type: frameTypes.headers, stream: 1, payload: headerBlock(paths.unary) }),
          ...numbers.map(() => raw({ type: frameTypes.continuation, stream: 1, payload: Buffer.alloc(100) })),
        ]),
    ],
  ])('of %s ends the connection or is taken, and others are served', async (_what, flood) => {
    const { session, socket, budget } = await start({ limits: { stallMs: 400 } })
    const from = await socket()
    from.write(hello)
    from.write(flood()) // answers are not read
    expect((await post(await session(), paths.health)).headers['grpc-status']).toBe('0')
    from.destroy()
    await expect.poll(() => budget.used).toBeLessThan(60_000)
  })
})
