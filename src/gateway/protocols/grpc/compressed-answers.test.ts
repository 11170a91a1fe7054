import type { ClientHttp2Session } from 'node:http2'
import { randomBytes } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Document, DocumentArray } from '../../../document/index.js'
import { MillraceError } from '../../../errors.js'
import { deferred } from '../../../lib/deferred.js'
import { DataRequest } from '../../../wire/data-request.js'
import { defaultGrpcRules } from '../../grpc-rules.js'
import { open, paths, post, prefixed, serversOfTests } from './server.suite.js'

const start = serversOfTests()
const mb = 1024 * 1024
const text = 'many words '.repeat(5000)
const always = { compression: { minBytes: 1024, always: true } }
const accepting = { 'grpc-accept-encoding': 'identity,deflate, gzip' }
const compressing = { ...accepting, 'grpc-encoding': 'gzip' }

function requestOf(...texts: readonly string[]): Uint8Array {
  const docs = new DocumentArray(texts.map((each) => new Document({ text: each })))
  return DataRequest.create({ endpoint: '/a', docs }).encode()
}

function randomRequest(bytes: number): Uint8Array {
  return DataRequest.create({
    endpoint: '/a',
    docs: new DocumentArray([new Document({ blob: randomBytes(bytes) })]),
  }).encode()
}

interface Answer {
  readonly flag: number
  /** As it came. */
  readonly bytes: Buffer
  readonly content: Buffer
}

interface Answers {
  readonly headers: Readonly<Record<string, string>>
  readonly answers: readonly Answer[]
}

/** Makes one call, and reads the messages of its answer. */
async function ask(
  session: ClientHttp2Session,
  path: string,
  headers: Record<string, string>,
  body: Uint8Array,
): Promise<Answers> {
  const { stream, outcome } = open(session, path, headers)
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.end(body)
  const { headers: all } = await outcome
  return { headers: all, answers: messagesIn(Buffer.concat(chunks)) }
}

function messagesIn(all: Buffer): readonly Answer[] {
  const answers: Answer[] = []
  for (let at = 0; at < all.length; ) {
    const flag = all[at]!
    const bytes = all.subarray(at + 5, at + 5 + all.readUInt32BE(at + 1))
    answers.push({ flag, bytes, content: flag === 1 ? gunzipSync(bytes) : bytes })
    at += 5 + bytes.length
  }
  return answers
}

const textsOf = ({ answers }: Answers): readonly string[] =>
  answers.flatMap(({ content }) => DataRequest.decode(content).docs.texts)

describe('an answer', () => {
  it.each([
    ['of two KB', 'words '.repeat(350)],
    ['of 55 KB', text],
  ])('%s is compressed in a call whose request is', async (_size, content) => {
    const { session, budget } = await start()
    const body = prefixed(gzipSync(requestOf(content)), 1)
    const answered = await ask(await session(), paths.unary, compressing, body)
    expect(answered.headers).toMatchObject({ 'grpc-encoding': 'gzip', 'grpc-status': '0' })
    expect(textsOf(answered)).toEqual([content])
    expect(answered.answers[0]!.bytes.length).toBeLessThan(content.length / 10)
    await expect.poll(() => budget.used).toBeLessThan(60_000)
  })

  it.each([
    ['in a call whose request is not compressed', accepting, defaultGrpcRules],
    ['in a call that says so', { ...accepting, 'grpc-encoding': 'identity' }, defaultGrpcRules],
    ['for a client that does not say what it accepts', { 'grpc-encoding': 'gzip' }, always],
    [
      'for a client that does not accept gzip',
      { 'grpc-encoding': 'gzip', 'grpc-accept-encoding': 'identity,gzipped' },
      always,
    ],
    ['without the option', compressing, { compression: null }],
  ])('is not compressed %s', async (_when, headers, grpc) => {
    const { session } = await start({ grpc })
    const answered = await ask(await session(), paths.unary, headers, prefixed(requestOf(text)))
    expect(answered.headers['grpc-encoding']).toBeUndefined()
    expect(answered.answers).toMatchObject([{ flag: 0 }])
    expect(textsOf(answered)).toEqual([text])
  })

  it('is compressed in every call with `always`', async () => {
    const { session } = await start({ grpc: always })
    const answered = await ask(await session(), paths.unary, accepting, prefixed(requestOf(text)))
    expect(answered.answers).toMatchObject([{ flag: 1 }])
    expect(textsOf(answered)).toEqual([text])
  })

  it.each([
    ['smaller than minBytes', requestOf('short'), defaultGrpcRules],
    ['smaller than a large minBytes', requestOf(text), { compression: { minBytes: mb, always: false } }],
    ['that gzip does not make smaller', randomRequest(2000), defaultGrpcRules],
    ['that gzip does not make smaller, and large', randomRequest(mb), defaultGrpcRules],
  ])('%s is sent as it is', async (_which, body, grpc) => {
    const { session, budget } = await start({ grpc })
    const answered = await ask(await session(), paths.unary, compressing, prefixed(body))
    expect(answered.headers).toMatchObject({ 'grpc-encoding': 'gzip', 'grpc-status': '0' })
    expect(answered.answers).toMatchObject([{ flag: 0 }])
    await expect.poll(() => budget.used).toBeLessThan(60_000)
  })

  it('without room for it and its compressed form is sent as it is', async () => {
    const { session } = await start({ limits: { maxBytes: 3 * mb } })
    const answered = await ask(await session(), paths.unary, compressing, prefixed(requestOf('x'.repeat(mb))))
    expect(answered.answers).toMatchObject([{ flag: 0 }])
    expect(answered.headers['grpc-status']).toBe('0')
  })

  it('over the limit is refused, however small it would become', async () => {
    const { session } = await start({
      maxMessageBytes: 100_000,
      handle: async (request) => {
        const answer = request.answer()
        answer.docs = new DocumentArray([new Document({ text: 'x'.repeat(200_000) })])
        return answer
      },
    })
    const answered = await ask(await session(), paths.unary, compressing, prefixed(requestOf('a')))
    expect(answered).toMatchObject({ headers: { 'grpc-status': '8' }, answers: [] })
  })

  it('that is large does not hold up other calls', async () => {
    const handled = deferred()
    const { session } = await start({
      handle: async (request) => {
        handled.resolve()
        return request.answer()
      },
    })
    const { stream, outcome } = open(await session(), paths.unary, compressing)
    const order: string[] = []
    stream.once('response', () => order.push('large'))
    stream.resume().end(prefixed(requestOf(randomBytes(12 * mb).toString('hex'))))
    const other = await session()
    await handled.promise
    await post(other, paths.health)
    order.push('other')
    expect((await outcome).headers['grpc-status']).toBe('0')
    expect(order).toEqual(['other', 'large'])
  })

  it('whose client leaves while it is compressed holds nothing', async () => {
    const handled = deferred()
    const { session, budget } = await start({
      handle: async (request) => {
        handled.resolve()
        return request.answer()
      },
    })
    const from = await session()
    const { stream, outcome } = open(from, paths.unary, compressing)
    stream.end(prefixed(requestOf(randomBytes(8 * mb).toString('hex'))))
    await handled.promise
    stream.close(8)
    await outcome
    await expect.poll(() => budget.used).toBeLessThan(60_000)
    from.destroy()
    await expect.poll(() => budget.used).toBe(0)
  })
})

describe('a stream', () => {
  const sizes = [10, 300_000, 20, 2000, 40_000, 30, 2_000_000, 5000, 10]
  const texts = sizes.map((size, index) => randomBytes(size / 2).toString('hex') + index)

  it('of answers keeps their order, and its status is last', async () => {
    const { session, budget } = await start()
    const body = Buffer.concat(texts.map((each) => prefixed(gzipSync(requestOf(each)), 1)))
    const answered = await ask(
      await session(),
      paths.stream,
      { ...compressing, __results_in_order__: 'true' },
      body,
    )
    expect(answered.headers['grpc-status']).toBe('0')
    expect(textsOf(answered)).toEqual(texts)
    expect(answered.answers.map(({ flag }) => flag)).toEqual([0, 1, 0, 1, 1, 0, 1, 1, 0])
    await expect.poll(() => budget.used).toBeLessThan(60_000)
  })

  it.each([false, true])('of documents keeps their order, also when it fails: %s', async (fails) => {
    const { session, budget } = await start({
      handle: async (request, call) => {
        for (const each of texts) {
          const item = request.answer()
          item.docs = new DocumentArray([new Document({ text: each })])
          await call.items!.push(item)
        }
        if (fails) throw new MillraceError('UNAVAILABLE', 'gone')
        return request.answer()
      },
    })
    const single = Buffer.concat(DataRequest.decode(requestOf('a')).encodeSingleDocument())
    const answered = await ask(await session(), paths.items, compressing, prefixed(single))
    expect(answered.headers['grpc-status']).toBe(fails ? '14' : '0')
    expect(
      answered.answers.map(({ content }) => DataRequest.fromSingleDocument(content).docs.at(0)!.text),
    ).toEqual(texts)
    await expect.poll(() => budget.used).toBeLessThan(60_000)
  })

  it('waits for a client that reads slowly, with no more than a few documents in memory', async () => {
    const { session } = await start({
      limits: { maxBytes: 16 * mb },
      handle: async (request, call) => {
        const item = request.answer()
        item.docs = new DocumentArray([new Document({ text: randomBytes(mb / 2).toString('hex') })])
        for (let count = 0; count < 40; count++) await call.items!.push(item)
        return request.answer()
      },
    })
    const single = Buffer.concat(DataRequest.decode(requestOf('a')).encodeSingleDocument())
    const answered = await ask(await session(), paths.items, compressing, prefixed(single))
    expect(answered.headers['grpc-status']).toBe('0')
    expect(answered.answers).toHaveLength(40)
  })
})
