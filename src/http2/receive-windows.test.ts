import { expect, test } from 'vitest'
import { errorCode, frameFlag, frameType, settingId } from './codes.js'
import { headers as headersOf, InMemoryClient, settings as settingsOf } from './in-memory-client.suite.js'
import { frame, hello, InMemory, requestBlock, type SentFrame } from './in-memory.suite.js'

const { data, headers, ping, settings, windowUpdate } = frameType
const mb = 1024 * 1024

interface Link {
  readonly roundTripMs: number
  /** Bytes that the link carries in a round trip. */
  readonly capacity: number
}

/** A client far away, which sends one endless request as fast as the windows and the link allow. */
class FarClient {
  readonly peer: InMemory
  /** Initial windows that the server has set, after the first one. */
  readonly windows: number[] = []
  /** Pings that the server has sent. */
  pings = 0
  readonly #link: Link
  #read = 0
  #initial = 65_535
  #stream = 65_535
  #connection = 65_535

  constructor(link: Link) {
    this.#link = link
    this.peer = new InMemory({ onRequest: ({ stream }) => (stream.listener = ignoring) })
  }

  async begin(): Promise<void> {
    await this.peer.receive(
      hello,
      frame(headers, { id: 1, flags: frameFlag.endHeaders, payload: requestBlock }),
    )
    this.#obey()
    this.windows.length = 0
  }

  /** Answers what the server sent half a round trip ago, and sends data; returns how much. */
  async roundTrip(): Promise<number> {
    this.peer.clock.move(this.#link.roundTripMs)
    const answers = this.#obey()
    const bytes = Math.min(this.#stream, this.#connection, this.#link.capacity)
    this.#stream -= bytes
    this.#connection -= bytes
    const frames: Buffer[] = []
    for (let left = bytes; left > 0; left -= 16_384)
      frames.push(frame(data, { id: 1, payload: Buffer.alloc(Math.min(left, 16_384)) }))
    await this.peer.receive(...answers, ...frames)
    return bytes
  }

  async send(bytes: number): Promise<void> {
    for (let left = bytes; left > 0; left -= 16_384)
      await this.peer.receive(frame(data, { id: 1, payload: Buffer.alloc(Math.min(left, 16_384)) }))
  }

  /** Reads what the server has sent since; returns the answers. */
  #obey(): Buffer[] {
    const { frames } = this.peer
    const answers = frames.slice(this.#read).flatMap((each) => this.#answer(each))
    this.#read = frames.length
    return answers
  }

  #answer({ type, flags, id, payload }: SentFrame): Buffer[] {
    if ((flags & frameFlag.ack) !== 0 && type !== data) return []
    if (type === windowUpdate) {
      if (id === 0) this.#connection += payload.readUInt32BE(0)
      else this.#stream += payload.readUInt32BE(0)
    } else if (type === settings) {
      const initial = initialWindow(payload)
      this.windows.push(initial)
      this.#stream += initial - this.#initial
      this.#initial = initial
      return [frame(settings, { flags: frameFlag.ack })]
    } else if (type === ping) {
      this.pings++
      return [frame(ping, { flags: frameFlag.ack, payload })]
    }
    return []
  }
}

const ignoring = { data() {}, ended() {}, drained() {}, closed() {} }

function initialWindow(payload: Buffer): number {
  for (let at = 0; at < payload.length; at += 6)
    if (payload.readUInt16BE(at) === settingId.initialWindowSize) return payload.readUInt32BE(at + 2)
  throw new Error('there is no initial window')
}

test('a window that holds up a far client grows, until the client may send 16 MiB in a round trip', async () => {
  const client = new FarClient({ roundTripMs: 100, capacity: Number.POSITIVE_INFINITY })
  await client.begin()
  expect(await client.roundTrip()).toBe(mb)
  let bytes = 0
  for (let round = 0; round < 12; round++) bytes = await client.roundTrip()
  expect(bytes).toBeGreaterThan(10 * mb)
  expect(client.windows.at(-1)).toBe(16 * mb)
  expect(client.windows).toEqual(client.windows.toSorted((a, b) => a - b))
  const { pings } = client
  for (let round = 0; round < 3; round++) await client.roundTrip()
  expect(client.pings).toBe(pings)
})

test('a link that carries less than the window leaves it as it is, and costs few pings', async () => {
  const client = new FarClient({ roundTripMs: 10, capacity: 100_000 })
  await client.begin()
  for (let round = 0; round < 100; round++) expect(await client.roundTrip()).toBe(100_000)
  expect(client.windows).toEqual([])
  expect(client.pings).toBeGreaterThan(1)
  expect(client.pings).toBeLessThanOrEqual(10)
})

test('a window grows to what a link carries, and not much beyond', async () => {
  const client = new FarClient({ roundTripMs: 50, capacity: 3 * mb })
  await client.begin()
  let bytes = 0
  for (let round = 0; round < 12; round++) bytes = await client.roundTrip()
  expect(bytes).toBe(3 * mb)
  expect(client.windows.at(-1)).toBeLessThanOrEqual(2 * 3.1 * mb)
})

test('no window grows while there is no memory for it, and it does later', async () => {
  const client = new FarClient({ roundTripMs: 100, capacity: Number.POSITIVE_INFINITY })
  client.peer.hasRoom = false
  await client.begin()
  for (let round = 0; round < 8; round++) await client.roundTrip()
  expect(client.windows).toEqual([])
  client.peer.hasRoom = true
  for (let round = 0; round < 4; round++) await client.roundTrip()
  expect(client.windows.length).toBeGreaterThan(0)
})

test('a client that sends more than the grown window is reset', async () => {
  const client = new FarClient({ roundTripMs: 100, capacity: Number.POSITIVE_INFINITY })
  await client.begin()
  for (let round = 0; round < 4; round++) await client.roundTrip()
  const [request] = client.peer.requests
  request!.stream.pause()
  await client.send(17 * mb)
  const reset = client.peer.frames.find(({ type }) => type === frameType.resetStream)
  expect(reset?.payload.readUInt32BE(0)).toBe(errorCode.flowControlError)
})

test('small requests cost no ping', async () => {
  const peer = new InMemory()
  await peer.receive(hello)
  for (let id = 1; id < 4000; id += 2)
    await peer.receive(
      frame(headers, { id, flags: frameFlag.endHeaders, payload: requestBlock }),
      frame(data, { id, flags: frameFlag.endStream, payload: Buffer.alloc(16_000) }),
    )
  expect(peer.frames.filter(({ type }) => type === ping)).toEqual([])
})

test('a client widens the windows of its open calls and of those that wait', async () => {
  const client = new InMemoryClient()
  client.ask('a')
  await client.receive(settingsOf({ [settingId.maxConcurrentStreams]: 1 }))
  const waiting = client.ask('b')
  await client.receive(headersOf(1, { ':status': '200' }))
  const part = frame(data, { id: 1, payload: Buffer.alloc(16_384) })
  for (let count = 0; count < 60; count++) await client.receive(part)
  const measuring = client.frames.filter(({ type }) => type === ping)
  expect(measuring).toHaveLength(1)
  for (let count = 0; count < 60; count++) await client.receive(part)
  client.clock.move(100)
  await client.receive(frame(ping, { flags: frameFlag.ack, payload: measuring[0]!.payload }))
  const grown = client.frames.findLast(({ type, flags }) => type === settings && flags === 0)!
  expect(initialWindow(grown.payload)).toBeGreaterThan(mb)
  await client.receive(frame(data, { id: 1, flags: frameFlag.endStream }))
  expect(waiting.stream).toMatchObject({ id: 3, receiveWindow: initialWindow(grown.payload) })
})
