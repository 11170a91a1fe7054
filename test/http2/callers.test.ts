import { Flow, type FlowOptions } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Document, DocumentArray } from '../../src/document/index.js'
import { methods } from '../../src/grpc/methods.js'
import { DataRequest, type DataRequestInit } from '../../src/wire/data-request.js'
import { Authority, folderWith } from '../../src/tls/certificates.suite.js'
import { CountingRelay } from '../support/counting-relay.js'
import { call, type CallOptions, languages } from './callers/languages.js'

const ok = 0
const cancelled = 1
const deadlineExceeded = 4
const resourceExhausted = 8
const unimplemented = 12

const authority = new Authority()
const issued = authority.server({ name: 'flow.test' })
const files = folderWith({ 'ca.pem': authority.cert, 'cert.pem': issued.cert, 'key.pem': issued.key })
const ca = files.path('ca.pem')

function flowWith(options: FlowOptions): Flow<'answers'> {
  return new Flow({ host: '127.0.0.1', quiet: true, ...options }).add({
    name: 'answers',
    uses: `${new URL('callers/executor.mjs', import.meta.url).href}#Answers`,
  })
}

const plain = flowWith({})
const tls = flowWith({
  protocol: ['grpc', 'http'],
  tls: { cert: files.path('cert.pem'), key: files.path('key.pem') },
})

beforeAll(() => Promise.all([plain.start(), tls.start()]))
afterAll(async () => {
  await Promise.all([plain.close(), tls.close()])
  files.close()
})

function request(init: Partial<DataRequestInit>): DataRequest {
  return DataRequest.create({ endpoint: '/', docs: new DocumentArray([new Document({ id: 'a' })]), ...init })
}

function one(text: string): Buffer {
  return Buffer.from(request({ docs: new DocumentArray([new Document({ text })]) }).encode())
}

function textsOf(answers: readonly Buffer[]): readonly string[] {
  return answers.map((answer) => DataRequest.decode(answer).docs.at(0)!.text)
}

const transports = [
  { transport: 'without TLS', flow: plain, secure: {} },
  { transport: 'over TLS', flow: tls, secure: { ca } },
]
const cases = languages.flatMap((language) =>
  transports.map((transport) => ({ ...language, language, ...transport })),
)

describe.each(cases)('$name $transport', ({ language, flow, secure }) => {
  beforeAll(() => language.prepare(), 120_000)

  const post = (method: string, messages: readonly Uint8Array[], options?: CallOptions) =>
    call(language, `127.0.0.1:${flow.port}`, method, messages, { ...options, ...secure })

  test('calls process_single_data', async () => {
    const { answers, ...status } = await post(methods.processSingleData, [one('héllo')])
    expect(status).toEqual({ code: ok, message: '' })
    expect(textsOf(answers)).toEqual(['héllo'])
  })

  test('streams requests with Call', async () => {
    const texts = Array.from({ length: 300 }, (_, number) => String(number))
    const { answers, code } = await post(methods.call, texts.map(one))
    expect(code).toBe(ok)
    expect(textsOf(answers).toSorted((a, b) => Number(a) - Number(b))).toEqual(texts)
  })

  test('gets the documents of stream_doc in order', async () => {
    const asked = Buffer.concat(
      request({ endpoint: '/count', parameters: { count: 500 } }).encodeSingleDocument(),
    )
    const { answers, code } = await post(methods.streamDoc, [asked])
    expect(code).toBe(ok)
    const texts = answers.map((answer) => DataRequest.fromSingleDocument(answer).docs.at(0)!.text)
    expect(texts).toEqual(Array.from({ length: 500 }, (_, number) => String(number)))
  })

  test('sends and gets messages compressed with gzip, in order', async () => {
    const relay = await CountingRelay.start(flow.port)
    const texts = Array.from({ length: 60 }, (_, number) => `${number} `.repeat(10 ** (1 + (number % 5))))
    const options = { gzip: true, metadata: { __results_in_order__: 'true' }, ...secure }
    const address = `127.0.0.1:${relay.port}`
    const { answers, code } = await call(language, address, methods.call, texts.map(one), options)
    await relay.close()
    expect(code).toBe(ok)
    expect(textsOf(answers)).toEqual(texts)
    expect(relay.received).toBeLessThan(texts.join('').length / 10)
  })

  test('sends and gets 100 MB', async () => {
    const text = 'x'.repeat(100_000_000)
    const { answers, code } = await post(methods.processSingleData, [one(text)])
    expect(code).toBe(ok)
    expect(textsOf(answers)[0] === text).toBe(true)
  })

  test('has a deadline, which ends the executor too', async () => {
    const waiting = request({ endpoint: '/wait' }).encode()
    const { answers, code } = await post(methods.processSingleData, [waiting], { timeoutMs: 500 })
    expect({ answers, code }).toEqual({ answers: [], code: deadlineExceeded })
    await flow.post('/aborted', [])
  })

  test('cancels a stream, which ends the executor too', async () => {
    const endless = Buffer.concat(request({ endpoint: '/forever' }).encodeSingleDocument())
    const { answers, code } = await post(methods.streamDoc, [endless], { cancelAfter: 3 })
    expect(code).toBe(cancelled)
    expect(answers.length).toBeGreaterThanOrEqual(3)
    await flow.post('/aborted', [])
  })

  test('is told of a method that does not exist', async () => {
    const { code, message } = await post('/jina.JinaRPC/Nothing', [one('a')])
    expect({ code, message }).toEqual({
      code: unimplemented,
      message: expect.stringContaining('/jina.JinaRPC/Nothing') as string,
    })
  })

  test('is told of a message over the limit', async () => {
    const small = new Flow({ host: '127.0.0.1', quiet: true, maxMessageBytes: 10_000 }).add({ name: 'any' })
    await small.start()
    const address = `127.0.0.1:${small.port}`
    const { code, message } = await call(language, address, methods.processSingleData, [
      one('x'.repeat(20_000)),
    ])
    await small.close()
    expect({ code, message }).toEqual({
      code: resourceExhausted,
      message: expect.stringContaining('10000') as string,
    })
  })
})
