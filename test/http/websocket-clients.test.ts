import { Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Document, DocumentArray } from '../../src/document/index.js'
import { DataRequest } from '../../src/wire/data-request.js'
import { closeCode } from '../../src/wire/websocket.js'
import { languages, type SocketCall, type SocketEnding, talk } from './websocket-callers/languages.js'

const texts = new URL('../fixtures/http-executors.mjs#Texts', import.meta.url)
const token = 'a-token/of+this~test='

const open = new Flow({ quiet: true, host: '127.0.0.1', protocol: ['http', 'websocket'] }).add({
  uses: texts,
  runtime: 'thread',
})
const locked = new Flow({
  quiet: true,
  host: '127.0.0.1',
  protocol: 'websocket',
  auth: { bearer: [token] },
}).add({
  uses: texts,
  runtime: 'thread',
})

beforeAll(() => Promise.all([open.start(), locked.start()]))
afterAll(() => Promise.all([open.close(), locked.close()]))

const endOfRequests = '{}'

function upperOf(text: string, id = text): string {
  return JSON.stringify({ header: { requestId: id }, execEndpoint: '/upper', data: [{ text }] })
}

function parsed({ answers = [] }: SocketEnding): readonly Record<string, any>[] {
  return answers.map((answer) => JSON.parse(answer) as Record<string, any>)
}

describe.each(languages)('$name', (language) => {
  beforeAll(() => language.prepare(), 120_000)

  const call = (asked: Partial<SocketCall>, { port } = open): Promise<SocketEnding> =>
    talk(language, { url: `ws://127.0.0.1:${port}/`, subprotocols: ['json'], messages: [], ...asked })

  test('gets an answer to each of 300 texts, and then the end', async () => {
    const sent = Array.from({ length: 300 }, (_, number) => `a${number}`)
    const ending = await call({ messages: [...sent.map((text) => upperOf(text)), endOfRequests] })
    expect(ending).toMatchObject({ status: 101, subprotocol: 'json', code: closeCode.complete, reason: '' })
    const answers = Object.fromEntries(
      parsed(ending).map(({ header, data }) => [header.request_id, data[0].text]),
    )
    expect(answers).toEqual(Object.fromEntries(sent.map((text) => [text, text.toUpperCase()])))
  })

  test('sends and gets 5 MB in one message', async () => {
    const text = 'ä🌊'.repeat(1_000_000)
    const [answer] = parsed(await call({ messages: [upperOf(text, 'large'), endOfRequests] }))
    expect(answer!.data[0].text).toBe(text.toUpperCase())
  })

  test('sends and gets protobuf', async () => {
    const docs = new DocumentArray([new Document({ text: 'a' })])
    const request = DataRequest.create({ endpoint: '/upper', docs }).encode()
    const messages = [Buffer.from(request).toString('base64'), Buffer.from([0]).toString('base64')]
    const { answers, ...ending } = await call({ subprotocols: ['bytes'], isBinary: true, messages })
    expect(ending).toEqual({ status: 101, subprotocol: 'bytes', code: closeCode.complete, reason: '' })
    expect(answers!.map((answer) => DataRequest.decode(Buffer.from(answer, 'base64')).docs.texts)).toEqual([
      ['A'],
    ])
  })

  test('gets the documents of a stream', async () => {
    const ending = await call({
      subprotocols: ['millrace.stream'],
      messages: [JSON.stringify({ execEndpoint: '/words', data: [{ text: 'one two three' }] })],
    })
    expect(ending.code).toBe(closeCode.complete)
    expect(parsed(ending).map(({ text }) => text)).toEqual(['one', 'two', 'three'])
  })

  test.each([
    ['a text that is no JSON', { messages: ['hello'] }, closeCode.malformed],
    ['bytes where texts are expected', { isBinary: true, messages: ['AAAA'] }, closeCode.wrongKind],
  ])('is told why its socket is closed after %s', async (_, asked, code) => {
    const ending = await call(asked)
    expect(ending).toMatchObject({ answers: [], code, reason: expect.stringMatching(/\w{3}/) })
  })

  test('needs a token, as a header or as a sub-protocol', async () => {
    expect(await call({}, locked)).toMatchObject({ status: 401 })
    const messages = [upperOf('a'), endOfRequests]
    const withToken = [
      { headers: { authorization: `Bearer ${token}` } },
      { subprotocols: ['json', `millrace.bearer.${encodeURIComponent(token)}`] },
    ]
    for (const more of withToken) {
      const ending = await call({ messages, ...more }, locked)
      expect([ending.subprotocol, parsed(ending)[0]!.data[0].text]).toEqual(['json', 'A'])
    }
  })

  test.each([
    ['another path', { url: '/other' }, 404],
    ['sub-protocols that the gateway does not have', { subprotocols: ['chat'] }, 400],
    ['a page of another origin', { headers: { origin: 'http://elsewhere.test' } }, 403],
  ])('is refused with %s', async (_, { url = '/', ...asked }: Partial<SocketCall>, status) => {
    expect(await call({ ...asked, url: `ws://127.0.0.1:${open.port}${url}` })).toMatchObject({ status })
  })
})
