import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { bytes, doc, type DocInit, type DocList, Executor, Flow, optional, requests, tensor } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'

const Author = doc({ name: z.string(), photo: optional(bytes()) }, { name: 'Author' })
const Article = doc(
  {
    text: z.string(),
    title: z.string(),
    views: z.number().int().default(0),
    size: z.object({ pages: z.number() }).optional(),
    embedding: tensor('float32', [2]),
    mask: optional(tensor('bool', [null])),
    author: Author,
    reviewers: [Author],
  },
  { name: 'Article', description: 'A page.' },
)
const Title = doc({ title: z.string() }, { name: 'Title' })
const Options = z.object({ scale: z.number(), name: z.string().optional() })

class Articles extends Executor {
  @requests({ on: '/articles', input: Article, output: Article, parameters: Options })
  articles(docs: DocList<typeof Article>) {
    for (const one of docs) one.views++
  }

  @requests({ on: '/titles/all', output: Title })
  titles(): DocInit<typeof Title>[] {
    return [{ title: 'a' }]
  }

  @requests('/plain')
  plain() {}

  @requests('/words')
  *words() {}
}

interface Operation {
  readonly parameters: readonly { readonly $ref: string }[]
  readonly requestBody: { readonly required?: boolean; readonly content: Content }
  readonly responses: { readonly 200: { readonly content: Content } }
}

interface Content {
  readonly 'application/json': { readonly schema: { readonly $ref: string } }
}

describe('the OpenAPI document for documents of DocArray v2', () => {
  const flow = new Flow({
    protocol: 'http',
    host: '127.0.0.1',
    quiet: true,
    auth: { bearer: ['secret-of-this-test-0123456789'], open: ['health', 'openapi'] },
  }).add({ uses: Articles, runtime: 'inline' })
  const url = (path: string): string => `http://127.0.0.1:${flow.port}${path}`
  let api: {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
    readonly components: { readonly schemas: Readonly<Record<string, object>> }
  }
  beforeAll(async () => {
    await flow.start()
    api = (await (await fetch(url('/openapi.json?docarray=v2'))).json()) as typeof api
  })
  afterAll(() => flow.close())

  const send = async (path: string, body: unknown): Promise<{ status: number; answer: unknown }> => {
    const headers = {
      'content-type': 'application/json',
      docarray: 'v2',
      authorization: 'Bearer secret-of-this-test-0123456789',
    }
    const response = await fetch(url(path), { method: 'POST', headers, body: JSON.stringify(body) })
    return { status: response.status, answer: await response.json() }
  }
  const fits = (name: string, value: unknown): unknown => {
    const components = JSON.parse(
      JSON.stringify(api.components).replaceAll('"#/components', '"api#/components'),
    ) as object
    const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema({ components }, 'api')
    return ajv.validate({ $ref: `api#/components/schemas/${name}` }, value) || ajv.errors
  }

  it('is valid, and has the routes and the names of models that Jina has', async () => {
    expect(await new Validator().validate(structuredClone({ ...api }))).toEqual({ valid: true })
    expect(Object.keys(api.paths).sort()).toEqual([
      '/',
      '/articles',
      '/health/live',
      '/health/ready',
      '/openapi.json',
      '/plain',
      '/titles/all',
      '/words',
    ])
    expect(Object.keys(api.components.schemas)).toEqual(
      expect.arrayContaining([
        ...['Article', 'Article_output', 'Title', 'AnyDocument'],
        ...['articles_input_model', 'articles_output_model', 'articles_parameters_model'],
        ...['titles_all_input_model', 'titles_all_output_model', 'plain_input_model'],
      ]),
    )
    expect(Object.keys(api.components.schemas)).not.toContain('Document')
    const { post, get } = api.paths['/articles']!
    expect(get).toBeUndefined()
    expect(post!.parameters).toContainEqual({ $ref: '#/components/parameters/DocArray' })
    expect(post!.requestBody.content['application/json'].schema.$ref).toContain('articles_input_model')
    expect(post!.responses[200].content['application/json'].schema.$ref).toContain('articles_output_model')
  })

  it('says that a request needs a body where it needs parameters', () => {
    const needs = (path: string): boolean => api.paths[path]!['post']!.requestBody.required === true
    expect([needs('/articles'), needs('/plain')]).toEqual([true, false])
  })

  it('is also there for a client that sends the header, and no other gets it', async () => {
    const get = async (headers: Record<string, string>): Promise<unknown> =>
      (await fetch(url('/openapi.json'), { headers })).json()
    expect(await get({ docarray: 'v2' })).toEqual(api)
    expect(JSON.stringify(await get({}))).not.toContain('articles_input_model')
  })

  const article = {
    text: 'Water is wet.',
    title: 'Water',
    embedding: [1, 2],
    author: { name: 'Ada', photo: [1, 2] },
    reviewers: [{ name: 'Bob' }],
  }
  const parameters = { scale: 2 }
  const without = (key: string): object =>
    Object.fromEntries(Object.entries(article).filter(([name]) => name !== key))

  it.each<[string, unknown, boolean]>([
    ['an article', { data: [article], parameters }, true],
    ['with an id and all that is optional', everything(article), true],
    ['one that is not in a list', { data: article, parameters }, true],
    ['no documents', { parameters }, true],
    ['null as documents', { data: null, parameters }, true],
    ['an empty list of booleans', { data: [{ ...article, mask: [] }], parameters }, true],
    ['NaN in a tensor', { data: [{ ...article, embedding: [null, 1] }], parameters }, true],
    [
      'an author whose id is no text',
      { data: [{ ...article, author: { name: 'Ada', id: 5 } }], parameters },
      false,
    ],
    [
      'a reviewer whose id is no text',
      { data: [{ ...article, reviewers: [{ name: 'Bob', id: {} }] }], parameters },
      false,
    ],
    ['a header', { data: article, parameters, header: { requestId: 'a' } }, true],
    ['no parameters', { data: [article] }, false],
    ['no title', { data: [without('title')], parameters }, false],
    ['no author', { data: [without('author')], parameters }, false],
    ['no list of reviewers, which is an empty one', { data: [without('reviewers')], parameters }, true],
    ['another shape', { data: [{ ...article, embedding: [1, 2, 3] }], parameters }, false],
    ['another dtype', { data: [{ ...article, mask: [1, 0] }], parameters }, false],
    ['a text that is none', { data: [{ ...article, text: 5 }], parameters }, false],
    ['a name that no field can have', { data: [{ ...article, 'a-b': 1 }], parameters }, false],
    ['an author without a name', { data: [{ ...article, author: {} }], parameters }, false],
    [
      'bytes in base64',
      { data: [{ ...article, author: { name: 'Ada', photo: 'AQI=' } }], parameters },
      false,
    ],
  ])('says what the gateway takes and answers: %s', async (_, body, isValid) => {
    const { status, answer } = await send('/articles', body)
    expect([fits('articles_input_model', body) === true, status], JSON.stringify(answer)).toEqual([
      isValid,
      isValid ? 200 : 422,
    ])
    if (isValid) expect(fits('articles_output_model', answer), JSON.stringify(answer)).toBe(true)
  })

  function everything(from: object): object {
    const more = { id: 'a', views: 4, size: { pages: 3 }, mask: [true] }
    return { data: [{ ...from, ...more }], parameters: { scale: 1, name: 'b' }, header: null }
  }

  it('has any documents for endpoints that are not typed', async () => {
    const body = { data: [{ id: 'a', title: 'Water', views: 4 }] }
    expect(fits('plain_input_model', body)).toBe(true)
    const { answer } = await send('/plain', body)
    expect(answer).toMatchObject(body)
    const wrong = { data: [{ id: 'a', '': 1 }] }
    expect(fits('plain_input_model', wrong)).not.toBe(true)
    expect(await send('/plain', wrong)).toMatchObject({
      status: 422,
      answer: { detail: [{ loc: ['body', 'data', 0, ''] }] },
    })
    expect(fits('plain_output_model', answer)).toBe(true)
  })
})
