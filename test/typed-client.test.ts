import {
  bytes,
  Client,
  doc,
  type DocList,
  Executor,
  Flow,
  type HandlerContext,
  type NdArray,
  optional,
  type PlainDocument,
  requests,
  tensor,
  typed,
  type TypedClient,
  type TypedResponse,
} from 'millrace'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'

const Author = doc({ name: z.string(), photo: optional(bytes()) })
const Text = doc({ text: z.string() })
const Article = doc({
  text: z.string(),
  title: z.string().optional(),
  embedding: tensor('float32', [2]),
  authors: [Author],
})
const Options = z.object({ scale: z.number().default(1) })

class Encoder extends Executor {
  readonly factor = 2

  static override requests = {
    '/encode': typed(
      { input: Text, output: Article, parameters: Options },
      function (this: Encoder, docs, { parameters }) {
        expectTypeOf(docs).toEqualTypeOf<DocList<typeof Text>>()
        expectTypeOf(parameters).toEqualTypeOf<{ scale: number }>()
        const authors = [{ name: 'Ada', photo: Uint8Array.of(1, 2) }]
        return docs.to(Article, ({ text }) => ({
          embedding: [text.length * parameters.scale * this.factor, 0],
          authors,
        }))
      },
    ),
    '/spell': typed({ input: Text, output: Text }, async function* (docs) {
      for (const { text } of docs) for (const letter of text) yield { text: letter }
    }),
    '/raw': 'raw',
  }
  raw() {}
}

const titled = { input: Article, output: Article, parameters: z.object({ title: z.string() }) }

class Titles extends Executor.declaring({
  '/encode': { input: Article, output: Article },
  '/title': titled,
}) {
  @requests({ ...titled, on: '/title' })
  title(docs: DocList<typeof Article>, { parameters }: HandlerContext<{ title: string }>) {
    for (const one of docs) one.title = parameters.title
  }

  @requests({ input: Article, output: Article, on: '/encode' })
  mark(docs: DocList<typeof Article>) {
    for (const one of docs) one.title = 'encoded'
  }
}

class Untyped extends Executor {
  @requests('/count')
  count() {}
}

/** Types alone: nothing serves the endpoint, and no compiler can see that. */
class Unserved extends Executor<{ '/unserved': typeof titled }> {
  @requests('/count')
  count() {}
}

const closed = new Flow({ protocol: ['grpc', 'http', 'websocket'], host: '127.0.0.1', quiet: true })
  .add({ name: 'encoder', uses: Encoder, runtime: 'inline' })
  .add({ name: 'titles', uses: Titles, runtime: 'inline', needs: 'encoder' })
const open = closed.add({ name: 'counts', uses: Untyped, runtime: 'inline' })
const unserved = new Flow().add({ name: 'unserved', uses: Unserved })

describe.each(['grpc', 'http', 'ws'])('a typed client over %s', (transport) => {
  let client: TypedClient<typeof closed>
  const connect = (): TypedClient<typeof closed> => {
    const { port } = flow
    return new Client<typeof closed>({ host: `${transport}://127.0.0.1:${port}`, typed: true })
  }

  it('sends and gets plain objects with the fields of their classes', async () => {
    client = connect()
    const articles = await client.post('/encode', [{ text: 'water' }], { parameters: { scale: 3 } })
    const [article] = articles
    expectTypeOf(article!.embedding).toEqualTypeOf<NdArray<Float32Array>>()
    expectTypeOf(article!.title).toEqualTypeOf<string | undefined>()
    expectTypeOf(article!.authors[0]!.photo).toEqualTypeOf<Uint8Array | undefined>()
    expect(article).toMatchObject({ text: 'water', title: 'encoded', authors: [{ name: 'Ada' }] })
    expect([article!.embedding.dtype, article!.embedding.data]).toEqual(['<f4', Float32Array.of(30, 0)])
    expect(article!.authors[0]!.photo).toEqual(Uint8Array.of(1, 2))

    const sent = { ...article!, embedding: Float32Array.of(1, 2), title: 'x' }
    const [renamed] = await client.post('/title', sent, { parameters: { title: 'Water' } })
    expect(renamed).toMatchObject({ id: article!.id, title: 'Water', authors: [{ name: 'Ada' }] })
    await client.close()
  })

  it('streams', async () => {
    client = connect()
    const letters: string[] = []
    for await (const { text } of client.streamDoc('/spell', { text: 'abc' })) letters.push(text)
    expect(letters).toEqual(['a', 'b', 'c'])
    for await (const { docs } of client.stream('/encode', { text: 'ab' }))
      expect(docs[0]!.embedding.toList()).toEqual([4, 0])
    const responses = await client.post('/encode', () => [{ text: 'a' }], { returnResponses: true })
    expectTypeOf(responses[0]!.docs[0]!.text).toEqualTypeOf<string>()
    expect(responses[0]!.docs[0]!.embedding.toList()).toEqual([2, 0])
    let seen = ''
    const nothing = await client.post('/encode', [{ text: 'a' }], {
      onDone: ({ docs }) => (seen = docs[0]!.text),
    })
    expectTypeOf(nothing).toEqualTypeOf<undefined>()
    expect([nothing, seen]).toEqual([undefined, 'a'])
    const [raw] = await client.post('/raw', { text: 'a', anything: [1] })
    expectTypeOf(raw!).toEqualTypeOf<PlainDocument>()
    expect(raw).toMatchObject({ text: 'a', anything: [1] })
    await client.close()
  })

  it('gets the errors of the checks', async () => {
    client = connect()
    // @ts-expect-error -- a text that is a number
    await expect(client.post('/encode', { text: 5 })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('data[0].text') as string,
    })
    await client.close()
  })
})

let flow: typeof closed
beforeAll(async () => {
  flow = await closed.start()
})
afterAll(() => flow.close())

it('knows at compile time what the Flow serves', () => {
  const checks = (client: Client<typeof closed>, other: Client<typeof open>) => [
    // @ts-expect-error -- no such endpoint
    () => client.post('/encod', { text: 'a' }),
    // @ts-expect-error -- a field of another type
    () => client.post('/encode', { text: 5 }),
    // @ts-expect-error -- a field that is missing
    () => client.post('/encode', [{}]),
    // @ts-expect-error -- a field that does not exist
    () => client.post('/encode', [{ text: 'a', titel: 'b' }]),
    // @ts-expect-error -- a parameter of another type
    () => client.post('/encode', { text: 'a' }, { parameters: { scale: '2' } }),
    // @ts-expect-error -- parameters that must be given
    () => client.post('/title', []),
    // @ts-expect-error -- the same
    () => client.stream('/title', [], {}),
    // @ts-expect-error -- the same
    () => client.streamDoc('/title', { text: 'a', embedding: [1, 2], authors: [] }),
    // @ts-expect-error -- an option that does not exist
    () => client.post('/encode', { text: 'a' }, { timeout: 5 }),
    // @ts-expect-error -- a field that the output lacks
    async () => (await client.post('/encode', { text: 'a' }))[0]?.titel,
    async () => {
      // @ts-expect-error -- documents of a stream
      for await (const { title } of client.streamDoc('/spell', { text: 'a' })) void title
    },
    async () => {
      // a stage that declares nothing may serve more, and leaves what is typed
      const [plain] = await other.post('/count', { text: 'a' })
      expectTypeOf(plain!).toEqualTypeOf<PlainDocument>()
      const responses = await other.post('/encode', { text: 'a' }, { returnResponses: true })
      expectTypeOf(responses[0]!).toExtend<TypedResponse<{ embedding: NdArray<Float32Array> }>>()
    },
  ]
  const typesAlone = async (client: Client<typeof unserved>) => {
    // what is declared with types alone is not promised to clients
    const [plain] = await client.post('/unserved', { text: 'a' })
    expectTypeOf(plain!).toEqualTypeOf<PlainDocument>()
  }
  expect(typesAlone).toBeTypeOf('function')
  expect(checks).toBeTypeOf('function')
  // @ts-expect-error -- documents are plain objects, which the client must be told
  expect(() => new Client<typeof closed>({ host: 'grpc://127.0.0.1:1' })).toBeTypeOf('function')
})

it('refuses handlers in a static map that do not fit their types, at compile time', () => {
  class Wrong extends Executor {
    static override requests = {
      // @ts-expect-error -- returns another class
      '/a': typed({ input: Text, output: Article }, (docs) => docs),
      // @ts-expect-error -- documents of another class
      '/b': typed({ input: Text }, (_docs: DocList<typeof Article>) => {}),
      // @ts-expect-error -- a parameter of another type
      '/c': typed({ parameters: Options }, (_docs, _context: HandlerContext<{ scale: string }>) => {}),
      // @ts-expect-error -- in place, although Text lacks an embedding
      '/d': typed({ input: Text, output: Article }, (_docs) => {}),
    }
  }
  expect(Object.keys(Wrong.requests)).toHaveLength(4)
  // @ts-expect-error -- no handler
  expect(() => typed({ input: Text })).toThrow(/typed\(\) takes options and a handler/)
})
