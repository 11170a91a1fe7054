import { describe, expect, test } from 'vitest'
import { errorCode, frameFlag, frameType, largestWindowBytes, settingId } from './codes.js'
import { answer, type Asked, headers, InMemoryClient, settings } from './in-memory-client.suite.js'
import { frame, uint32 } from './in-memory-socket.suite.js'

const last = frameFlag.endHeaders | frameFlag.endStream
const ok = { ':status': '200' }
const finished = [{ code: 0, end: 'finished' }]
const unprocessed = [{ code: errorCode.refusedStream, end: 'unprocessed' }]

function goAway(lastId: number, code = 0, why = ''): Buffer {
  return frame(frameType.goAway, {
    payload: Buffer.concat([uint32(lastId), uint32(code), Buffer.from(why)]),
  })
}

function reset(id: number, code: number): Buffer {
  return frame(frameType.resetStream, { id, payload: uint32(code) })
}

/** A client whose server has sent its settings. */
async function connected(entries: Readonly<Record<number, number>> = {}): Promise<InMemoryClient> {
  const client = new InMemoryClient()
  await client.receive(settings(entries))
  return client
}

test('requests of one tick are one write, and each is answered', async () => {
  const client = await connected()
  const before = client.socket.writes
  const asked = ['a', 'b', 'c'].map((body) => client.ask(body))
  await client.receive()
  expect(client.socket.writes - before).toBe(1)
  expect(client.sent(frameType.data, 3)).toMatchObject([
    { flags: frameFlag.endStream, payload: Buffer.from('b') },
  ])
  await client.receive(answer(3, 'B'), answer(1, 'A'), answer(5, 'C'))
  expect(asked.map(({ body }) => body)).toEqual(['A', 'B', 'C'])
  for (const one of asked) {
    expect(one).toMatchObject({ heads: [{ status: 200 }], trailer: { 'grpc-status': '0' }, isEnded: true })
    expect(one.closes).toEqual(finished)
  }
})

test('a head that ends the stream is a whole answer, and informational ones before it are skipped', async () => {
  const client = await connected()
  const asked = client.ask('a')
  await client.receive(
    headers(1, { ':status': '100' }),
    headers(1, { ':status': '103', link: 'x' }),
    headers(1, { ...ok, 'grpc-status': '5' }, last),
  )
  expect(asked.heads).toMatchObject([{ status: 200, headers: { 'grpc-status': '5' } }])
  expect(asked.trailer).toBeUndefined()
  expect(asked.closes).toEqual(finished)
})

test('an answer before the end of its request is heard, and the request may go on', async () => {
  const client = await connected()
  const asked = client.ask()
  asked.stream!.write([Buffer.from('a')], 1)
  await client.receive(answer(1))
  expect(asked).toMatchObject({ isEnded: true, closes: [] })
  asked.stream!.end(Buffer.alloc(0))
  expect(asked.closes).toEqual(finished)
})

describe('an answer that breaks a rule ends its call and no other', () => {
  const { protocolError, streamClosed, enhanceYourCalm } = errorCode
  test.each<[string, Buffer, number]>([
    ['no status', headers(1, { 'x-a': 'b' }), protocolError],
    ['two pseudo-headers', headers(1, { ...ok, ':path': '/' }), protocolError],
    ['a status that is no number', headers(1, { ':status': 'ok!' }), protocolError],
    ['a switch of protocols', headers(1, { ':status': '101' }), protocolError],
    ['an informational end', headers(1, { ':status': '100' }, last), protocolError],
    ['a field of HTTP/1 connections', headers(1, { ...ok, connection: 'close' }), protocolError],
    ['data before the head', frame(frameType.data, { id: 1, payload: [1] }), protocolError],
    ['the end before the head', frame(frameType.data, { id: 1, flags: 1 }), protocolError],
    [
      'less than its content-length',
      Buffer.concat([
        headers(1, { ...ok, 'content-length': '5' }),
        frame(frameType.data, { id: 1, flags: frameFlag.endStream, payload: [1] }),
      ]),
      protocolError,
    ],
    [
      'trailers that do not end it',
      Buffer.concat([headers(1, ok), headers(1, { 'x-a': 'b' })]),
      protocolError,
    ],
    ['trailers with a status', Buffer.concat([headers(1, ok), headers(1, ok, last)]), protocolError],
    [
      'data behind the end',
      Buffer.concat([
        headers(1, ok, last),
        frame(frameType.data, { id: 1, flags: frameFlag.endStream, payload: [1] }),
      ]),
      streamClosed,
    ],
    [
      'more headers than allowed',
      headers(1, { ...ok, ...Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`x-${at}`, 'a'])) }),
      enhanceYourCalm,
    ],
    [
      'an update of its window by nothing',
      frame(frameType.windowUpdate, { id: 1, payload: uint32(0) }),
      protocolError,
    ],
  ])('%s', async (_what, bytes, code) => {
    const client = await connected()
    const asked = client.ask()
    const other = client.ask('b')
    await client.receive(bytes)
    expect(asked.closes).toEqual([{ code, end: 'wrong' }])
    expect(client.sent(frameType.resetStream, 1)[0]?.payload.readUInt32BE()).toBe(code)
    await client.receive(answer(3))
    expect(other).toMatchObject({ body: 'yes', closes: finished })
  })

  test('more bytes of headers than allowed, and the table stays right', async () => {
    const client = await connected()
    const [asked, other] = [client.ask('a'), client.ask('b')]
    // one field of 3 KB in the table, and 30 references to it
    const value = Buffer.alloc(3000, 'v')
    const block = Buffer.concat([
      Buffer.of(0x88, 0x40, 3, ...Buffer.from('x-a'), 0x7f, 0xb9, 0x16),
      value,
      Buffer.alloc(30, 0xbe),
    ])
    await client.receive(frame(frameType.headers, { id: 1, flags: frameFlag.endHeaders, payload: block }))
    expect(asked.closes).toEqual([{ code: enhanceYourCalm, end: 'wrong' }])
    await client.receive(frame(frameType.headers, { id: 3, flags: last, payload: Buffer.of(0x88, 0xbe) }))
    expect(other.heads[0]!.headers['x-a']).toBe(value.toString())
  })
})

describe('a server that breaks a rule loses the connection', () => {
  const { protocolError, frameSizeError, flowControlError, compressionError, enhanceYourCalm } = errorCode
  const times = (count: number, bytes: Buffer): Buffer => Buffer.concat(Array<Buffer>(count).fill(bytes))
  test.each<[string, Buffer, number]>([
    ['PUSH_PROMISE', frame(frameType.pushPromise, { id: 1, flags: 4, payload: uint32(2) }), protocolError],
    ['push enabled', settings({ [settingId.enablePush]: 1 }), protocolError],
    ['headers for a stream that was never opened', headers(7, ok), protocolError],
    ['headers for a stream of its own', headers(2, ok), protocolError],
    ['data for a stream that was never opened', frame(frameType.data, { id: 7 }), protocolError],
    ['a reset of a stream that was never opened', reset(7, 8), protocolError],
    ['a frame that is too long', frame(frameType.ping, { payload: Buffer.alloc(17_000) }), frameSizeError],
    ['HTTP/1', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), frameSizeError],
    [
      'headers that cannot be decoded',
      frame(frameType.headers, { id: 1, flags: 4, payload: [0xff] }),
      compressionError,
    ],
    ['headers within headers', Buffer.concat([headers(1, ok, 0), headers(1, ok)]), protocolError],
    [
      'a window that is too large',
      times(2, frame(frameType.windowUpdate, { payload: uint32(largestWindowBytes) })),
      flowControlError,
    ],
    [
      'CONTINUATION frames (CVE-2024-27316)',
      Buffer.concat([
        headers(1, ok, 0),
        times(20, frame(frameType.continuation, { id: 1, payload: [0x88] })),
      ]),
      enhanceYourCalm,
    ],
    ['a flood of pings', times(5000, frame(frameType.ping, { payload: Buffer.alloc(8) })), enhanceYourCalm],
    ['a flood of settings', times(1000, settings()), enhanceYourCalm],
    [
      'a flood of empty data',
      Buffer.concat([headers(1, ok), times(2000, frame(frameType.data, { id: 1 }))]),
      enhanceYourCalm,
    ],
    ['a flood of informational answers', times(2000, headers(1, { ':status': '103' })), enhanceYourCalm],
    ['a flood of unknown frames', times(2000, frame(0xee)), enhanceYourCalm],
    [
      'a flood of priorities',
      times(2000, frame(frameType.priority, { id: 1, payload: [0, 0, 0, 0, 1] })),
      enhanceYourCalm,
    ],
    [
      'a flood of updates of windows',
      times(30_000, frame(frameType.windowUpdate, { id: 1, payload: uint32(1) })),
      enhanceYourCalm,
    ],
    [
      'a flood of headers for a closed call',
      Buffer.concat([reset(1, 8), times(5000, headers(1, ok))]),
      enhanceYourCalm,
    ],
  ])('%s', async (_what, bytes, code) => {
    const client = await connected()
    const asked = client.ask('a')
    await client.receive(bytes)
    expect(client.goAway).toBe(code)
    expect(asked.closes).toHaveLength(1)
    expect(client.leaves).toBe(1)
    expect(client.connection.isOpen).toBe(false)
    expect(client.connection.failure).toContain(`code ${code}`)
  })

  test('settings that do not come first', async () => {
    const client = new InMemoryClient()
    client.ask('a')
    await client.receive(answer(1))
    expect(client.goAway).toBe(protocolError)
  })

  test('a server that speaks HTTP/1 is named so', async () => {
    const client = new InMemoryClient()
    await client.receive(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))
    expect(client.connection.failure).toContain('the peer speaks HTTP/1')
  })
})

describe('calls beyond what the server takes at once', () => {
  const limited = (): Promise<InMemoryClient> => connected({ [settingId.maxConcurrentStreams]: 2 })
  const opened = (client: InMemoryClient): number[] =>
    client.frames.filter(({ type }) => type === frameType.headers).map(({ id }) => id)

  test('wait, and are sent in order as others end', async () => {
    const client = await limited()
    const asked = ['a', 'b', 'c', 'd'].map((body) => client.ask(body))
    await client.receive()
    expect(opened(client)).toEqual([1, 3])
    await client.receive(answer(3))
    expect(opened(client)).toEqual([1, 3, 5])
    expect(client.sent(frameType.data, 5)[0]!.payload.toString()).toBe('c')
    await client.receive(answer(1), answer(5))
    await client.receive(answer(7))
    expect(asked.map(({ closes }) => closes)).toEqual([finished, finished, finished, finished])
  })

  test('are sent when the server takes more', async () => {
    const client = await limited()
    for (const body of ['a', 'b', 'c', 'd']) client.ask(body)
    await client.receive(settings({ [settingId.maxConcurrentStreams]: 3 }))
    expect(opened(client)).toEqual([1, 3, 5])
  })

  test('wait until the server has said how many it takes, but for four', async () => {
    const client = new InMemoryClient()
    for (let call = 0; call < 9; call++) client.ask('a')
    await client.receive()
    expect(opened(client)).toEqual([1, 3, 5, 7])
    await client.receive(settings())
    expect(opened(client)).toHaveLength(9)
  })

  test('and are cancelled without a frame', async () => {
    const client = await limited()
    const asked = ['a', 'b', 'c', 'd'].map((body) => client.ask(body))
    asked[2]!.stream!.reset(errorCode.cancel)
    expect(asked[2]!.closes).toEqual([{ code: errorCode.cancel, end: 'here' }])
    await client.receive(answer(1))
    expect(client.frames.filter(({ type }) => type === frameType.resetStream)).toEqual([])
    expect(client.sent(frameType.data, 5)[0]!.payload.toString()).toBe('d')
  })

  test('and may end without data', async () => {
    const client = await limited()
    const asked = [client.ask('a'), client.ask('b'), client.ask()]
    asked[2]!.stream!.end(Buffer.alloc(0))
    await client.receive(answer(1))
    expect(client.sent(frameType.data, 5)).toMatchObject([
      { flags: frameFlag.endStream, payload: Buffer.alloc(0) },
    ])
  })

  test('are refused when very many wait', async () => {
    const client = await connected({ [settingId.maxConcurrentStreams]: 0 })
    let waiting = 0
    while (waiting < 100_000 && client.ask('a').stream !== undefined) waiting++
    expect(waiting).toBe(10_000)
  })
})

describe('a server that leaves', () => {
  test('serves the calls that it has taken; the others did not run', async () => {
    const client = await connected({ [settingId.maxConcurrentStreams]: 2 })
    const asked = ['a', 'b', 'c'].map((body) => client.ask(body))
    await client.receive(goAway(1))
    expect(client.leaves).toBe(1)
    expect(client.connection.isOpen).toBe(false)
    expect(asked.map(({ closes }) => closes)).toEqual([[], unprocessed, unprocessed])
    await client.receive(answer(1))
    expect(asked[0]).toMatchObject({ body: 'yes', closes: finished })
    expect(client.goAway).toBe(errorCode.noError)
  })

  test('may announce it first', async () => {
    const client = await connected()
    const asked = ['a', 'b'].map((body) => client.ask(body))
    await client.receive(goAway(largestWindowBytes))
    expect(client.leaves).toBe(1)
    expect(asked.map(({ closes }) => closes)).toEqual([[], []])
    await client.receive(goAway(1), answer(1))
    expect(client.leaves).toBe(1)
    expect(asked.map(({ closes }) => closes)).toEqual([finished, unprocessed])
  })

  test('says why', async () => {
    const client = await connected()
    const asked = client.ask('a')
    await client.receive(goAway(1, errorCode.enhanceYourCalm, 'too_many_pings'))
    client.socket.destroy()
    await client.receive()
    expect(asked.closes).toMatchObject([{ end: 'lost' }])
    expect(client.connection.failure).toContain('code 11 (too_many_pings)')
  })

  test('resets a call with its own code', async () => {
    const client = await connected()
    const asked = client.ask('a')
    await client.receive(reset(1, errorCode.refusedStream))
    expect(asked.closes).toEqual([{ code: errorCode.refusedStream, end: 'peer' }])
  })

  test('without GOAWAY loses the calls that were sent; those that waited were not sent', async () => {
    const client = await connected({ [settingId.maxConcurrentStreams]: 1 })
    const asked = [client.ask('a'), client.ask('b')]
    client.socket.destroy()
    await client.receive()
    expect(asked.map(({ closes }) => closes)).toEqual([
      [{ code: errorCode.internalError, end: 'lost' }],
      unprocessed,
    ])
  })
})

describe('a client that leaves', () => {
  test('waits for its calls', async () => {
    const client = await connected()
    const asked = client.ask('a')
    client.connection.close()
    expect(client.connection.isOpen).toBe(false)
    await client.receive(answer(1))
    expect(asked.closes).toEqual(finished)
    expect(client.goAway).toBe(errorCode.noError)
  })

  test('or does not', async () => {
    const client = await connected()
    const asked = client.ask('a')
    client.connection.destroy()
    expect(asked.closes).toMatchObject([{ end: 'lost' }])
    await client.receive()
    expect(client.goAway).toBe(errorCode.noError)
  })
})

describe('windows', () => {
  const mb = 1024 * 1024
  const credit = (client: InMemoryClient, id: number): number =>
    client
      .sent(frameType.windowUpdate, id)
      .map(({ payload }) => payload.readUInt32BE())
      .reduce((sum, bytes) => sum + bytes, 0)
  const data = (id: number, bytes: number): Buffer =>
    Buffer.concat(
      Array.from({ length: bytes / 16_384 }, () =>
        frame(frameType.data, { id, payload: Buffer.alloc(16_384) }),
      ),
    )

  test('of requests are kept, and their last frame ends them', async () => {
    const client = await connected({ [settingId.initialWindowSize]: 100_000 })
    const asked = client.ask()
    asked.stream!.endWith([Buffer.alloc(150_000)], 150_000)
    const sent = (): number =>
      client.sent(frameType.data, 1).reduce((sum, { payload }) => sum + payload.length, 0)
    await client.receive()
    expect(sent()).toBe(65_535)
    await client.receive(frame(frameType.windowUpdate, { payload: uint32(mb) }))
    expect(sent()).toBe(100_000)
    await client.receive(frame(frameType.windowUpdate, { id: 1, payload: uint32(mb) }))
    expect(sent()).toBe(150_000)
    const frames = client.sent(frameType.data, 1)
    expect(frames.map(({ flags }) => flags)).toEqual([...Array<number>(frames.length - 1).fill(0), 1])
    await client.receive(answer(1))
    expect(asked.closes).toEqual(finished)
  })

  test('of answers grow as they are consumed', async () => {
    const client = await connected()
    const asked = client.ask('a')
    await client.receive(headers(1, ok))
    asked.stream!.pause()
    await client.receive(data(1, mb / 2), data(1, mb / 2))
    expect(credit(client, 1)).toBe(0)
    asked.stream!.resume()
    await client.receive()
    expect(credit(client, 1)).toBe(mb)
    // the connection does not wait for a call that is paused
    const others = credit(client, 0)
    asked.stream!.pause()
    for (let part = 0; part < 16; part++) {
      const other = client.ask('b')
      await client.receive(headers(other.stream!.id, ok), data(other.stream!.id, mb))
    }
    expect(credit(client, 0) - others).toBeGreaterThan(12 * mb)
  })

  test('of answers are kept by the server', async () => {
    const client = await connected()
    const asked = client.ask('a')
    await client.receive(headers(1, ok))
    asked.stream!.pause()
    await client.receive(data(1, mb), frame(frameType.data, { id: 1, payload: [1] }))
    expect(asked.closes).toEqual([{ code: errorCode.flowControlError, end: 'wrong' }])
  })
})

test('a server that does not read is not read either, until it does', async () => {
  const client = await connected()
  client.socket.isStuck = true
  const pings = Buffer.concat(
    Array.from({ length: 1000 }, () => frame(frameType.ping, { payload: Buffer.alloc(8) })),
  )
  for (let second = 0; second < 30 && client.socket.isReading; second++) {
    await client.receive(pings)
    client.clock.move(1000)
  }
  expect(client.socket.isReading).toBe(false)
  const asked = client.ask('a')
  await client.receive(answer(1))
  expect(asked.closes).toEqual([])
  await client.socket.read()
  while (asked.closes.length === 0) await client.receive()
  expect(asked.closes).toEqual(finished)
})

test('thousands of calls may be cancelled at once while all their answers are under way', async () => {
  const client = await connected()
  const asked: Asked[] = Array.from({ length: 6000 }, () => client.ask('a'))
  for (const { stream } of asked) stream!.reset(errorCode.cancel)
  await client.receive(...asked.map((_, index) => answer(2 * index + 1)))
  expect(client.goAway).toBeUndefined()
  const next = client.ask('b')
  await client.receive(answer(next.stream!.id))
  expect(next.closes).toEqual(finished)
})

test('a ping is answered', async () => {
  const client = await connected()
  client.connection.ping()
  await client.receive()
  const [ping] = client.sent(frameType.ping, 0)
  await client.receive(frame(frameType.ping, { flags: frameFlag.ack, payload: ping!.payload }))
  expect(client.pongs).toBe(1)
})

test('a client goes on reading while a server has not read its requests', async () => {
  const client = await connected()
  client.socket.isStuck = true
  const asked = Array.from({ length: 5000 }, () => client.ask('a'))
  await client.receive(answer(1), answer(3))
  expect(client.socket.isReading).toBe(true)
  expect(asked.filter(({ closes }) => closes.length > 0)).toHaveLength(2)
})
