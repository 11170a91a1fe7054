import { DocumentArray } from '../document/index.js'
import { MillraceError, type MillraceErrorOptions } from '../errors.js'
import { expect, test } from 'vitest'
import { type Deferred, deferred } from '../lib/deferred.js'
import { DataRequest } from '../wire/data-request.js'
import { channelTransport, type RequestChannel } from './channel.js'
import type { RequestStream } from './transport.js'

interface Inside {
  readonly request: DataRequest
  readonly answer: Deferred<DataRequest>
}

/** A server that refuses what is more than `room`, and answers when told to. */
class FullServer implements RequestChannel {
  room: number
  readonly refusals: string[] = []
  readonly #inside: Inside[] = []
  readonly #refusal: MillraceErrorOptions

  constructor(room: number, refusal: MillraceErrorOptions = { notRun: true, retryAfterMs: 1000 }) {
    this.room = room
    this.#refusal = refusal
  }

  handle = (request: DataRequest): Promise<DataRequest> => {
    if (this.#inside.length >= this.room) {
      this.refusals.push(...request.docs.texts)
      return Promise.reject(new MillraceError('RESOURCE_EXHAUSTED', 'full', this.#refusal))
    }
    const answer = deferred<DataRequest>()
    this.#inside.push({ request, answer })
    return answer.promise
  }

  get inside(): string[] {
    return this.#inside.flatMap(({ request }) => request.docs.texts)
  }

  async answer(text: string): Promise<void> {
    const [answered] = this.#inside.splice(this.inside.indexOf(text), 1)
    answered!.answer.resolve(answered!.request)
    await settled()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

async function open(server: FullServer, headers: Record<string, string> = {}) {
  const answers: string[] = []
  const ends: (MillraceError | undefined)[] = []
  let rooms = 0
  const listener = {
    onAnswer: (answer: DataRequest) => void answers.push(...answer.docs.texts),
    onRoom: () => void rooms++,
    onEnd: (error: MillraceError | undefined) => void ends.push(error),
  }
  const stream = await channelTransport(server).open(
    { deadline: Number.POSITIVE_INFINITY, headers },
    listener,
  )
  return { stream, answers, ends, rooms: () => rooms }
}

async function write(stream: RequestStream, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    const request = DataRequest.create({ endpoint: '/', docs: new DocumentArray([{ text }]), parameters: {} })
    stream.write(request.encode(), request.requestId)
  }
  await settled()
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

test('a request that is refused beside others is sent again when one of them is answered', async () => {
  const server = new FullServer(2)
  const { stream, answers, ends, rooms } = await open(server)
  await write(stream, ['a', 'b', 'c', 'd'])
  stream.end()
  expect(server.refusals).toEqual(['c', 'd'])
  expect(stream.hasRoom).toBe(false)
  await server.answer('b')
  expect(server.inside).toEqual(['a', 'c'])
  expect({ hasRoom: stream.hasRoom, rooms: rooms() }).toEqual({ hasRoom: false, rooms: 0 })
  await server.answer('a')
  expect(server.inside).toEqual(['c', 'd'])
  expect({ hasRoom: stream.hasRoom, rooms: rooms() }).toEqual({ hasRoom: true, rooms: 1 })
  await server.answer('c')
  await server.answer('d')
  expect({ answers, ends }).toEqual({ answers: ['b', 'a', 'c', 'd'], ends: [undefined] })
})

test('refused requests keep their place in the order of the answers', async () => {
  const server = new FullServer(2)
  const { stream, answers } = await open(server, { __results_in_order__: 'true' })
  await write(stream, ['a', 'b', 'c'])
  await server.answer('b')
  await server.answer('c')
  expect(answers).toEqual([])
  await server.answer('a')
  expect(answers).toEqual(['a', 'b', 'c'])
})

test('a request that is refused twice waits for another answer', async () => {
  const server = new FullServer(2)
  const { stream, answers } = await open(server)
  await write(stream, ['a', 'b', 'c'])
  server.room = 1
  await server.answer('a')
  expect(server.refusals).toEqual(['c', 'c'])
  await server.answer('b')
  await server.answer('c')
  expect(answers).toEqual(['a', 'b', 'c'])
})

test('a refusal ends the stream when none of its requests is in flight: others fill the server', async () => {
  const { stream, ends } = await open(new FullServer(0))
  await write(stream, ['a'])
  expect(ends).toMatchObject([{ code: 'RESOURCE_EXHAUSTED', retryAfterMs: 1000, notRun: true }])
})

test.each([
  { what: 'can never be served', refusal: { notRun: true, retryable: false } },
  { what: 'may have run', refusal: { notRun: false } },
])('a refusal of a request that $what ends the stream', async ({ refusal }) => {
  const { stream, ends } = await open(new FullServer(1, refusal))
  await write(stream, ['a', 'b'])
  expect(ends).toMatchObject([{ code: 'RESOURCE_EXHAUSTED', notRun: false }])
})

test('a stream that is cancelled sends nothing again', async () => {
  const server = new FullServer(1)
  const { stream, answers } = await open(server)
  await write(stream, ['a', 'b'])
  stream.cancel()
  await server.answer('a')
  expect({ inside: server.inside, answers }).toEqual({ inside: [], answers: [] })
})
