import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { bytes, doc, type DocInit, type DocList, Executor, Flow, optional, requests, tensor } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'

const Author = doc({ name: z.string(), photo: optional(bytes()) }, { name: 'Author' })
const Tree = z.object({
  label: z.string(),
  get children() {
    return z.array(Tree).optional()
  },
})
const Article = doc(
  {
    text: z.string(),
    title: z.string(),
    views: z.number().int().default(0),
    tree: Tree.optional(),
    embedding: tensor('float32', [2]),
    mask: optional(tensor('bool', [null])),
    author: Author,
    reviewers: [Author],
    matches: [Author],
  },
  { name: 'Article', description: 'A page.' },
)
const Options = z.object({ scale: z.number(), name: z.string().optional() })

class Articles extends Executor {
  @requests({ on: '/articles', input: Article, output: Article, parameters: Options })
  articles(docs: DocList<typeof Article>) {
    for (const one of docs) one.views++
  }

  @requests({ on: '/titles', output: doc({ title: z.string() }) })
  titles(): DocInit<typeof Title>[] {
    return [{ title: 'a' }]
  }

  @requests('/plain')
  plain() {}
}
const Title = doc({ title: z.string() })

describe('the OpenAPI document of a Flow with typed endpoints', () => {
  const flow = new Flow({ protocol: 'http', host: '127.0.0.1', quiet: true }).add({
    uses: Articles,
    runtime: 'inline',
  })
  const url = (path: string): string => `http://127.0.0.1:${flow.port}${path}`
  let api: {
    readonly paths: Readonly<Record<string, { readonly post: Operation }>>
    readonly 'x-millrace-types': object
    readonly components: { readonly schemas: Readonly<Record<string, object>> }
  }
  beforeAll(async () => {
    await flow.start()
    api = (await (await fetch(url('/openapi.json'))).json()) as typeof api
  })
  afterAll(() => flow.close())

  const send = async (path: string, body: unknown): Promise<{ status: number; answer: unknown }> => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(url(path), { method: 'POST', headers, body: JSON.stringify(body) })
    return { status: response.status, answer: await response.json() }
  }
  const schemaOf = (path: string, kind: 'request' | 'answer'): object => {
    const { requestBody, responses } = api.paths[path]!.post
    const { content } = kind === 'request' ? requestBody : responses[200]
    const refs = JSON.stringify(content['application/json'].schema).replaceAll('"#/', '"api#/')
    return JSON.parse(refs) as object
  }
  const validator = (): Ajv2020 =>
    new Ajv2020({ strict: false, validateFormats: false }).addSchema({ components: api.components }, 'api')

  it('is valid, and names what typed endpoints take and give; others have plain documents', async () => {
    expect(await new Validator().validate(structuredClone({ ...api }))).toEqual({ valid: true })
    expect(Object.keys(api.components.schemas)).toEqual(
      expect.arrayContaining([
        'Article',
        'Article_output',
        'articles_parameters_model',
        'titles_output_model',
      ]),
    )
    expect(api.components.schemas['Article']).toMatchObject({ description: 'A page.' })
    expect(schemaOf('/plain', 'request')).toEqual({ $ref: 'api#/components/schemas/Request' })
    expect(JSON.stringify(schemaOf('/titles', 'request'))).toContain('schemas/Document"')
    expect(api['x-millrace-types']).toMatchObject({
      '/articles': {
        input: { title: 'Article', properties: { mask: { 'x-tensor': { dtype: 'bool', shape: [null] } } } },
        parameters: { required: ['scale'] },
      },
    })
  })

  const article = {
    text: 'Water is wet.',
    embedding: [1, 2],
    matches: [{ tags: { name: 'Cy' } }],
    tags: {
      title: 'Water',
      tree: { label: 'a', children: [{ label: 'b' }] },
      mask: [true, false],
      author: { name: 'Ada', photo: [1, 2] },
      reviewers: [{ name: 'Bob' }],
    },
  }
  const parameters = { scale: 2 }
  const without = (key: string): object => {
    const { [key]: _, ...tags } = { ...article.tags } as Record<string, unknown>
    return { ...article, tags }
  }

  it.each<[string, unknown, boolean]>([
    ['an article', { data: [article], parameters }, true],
    ['one that is not in a list', { data: article, parameters }, true],
    ['no documents', { parameters }, true],
    ['no parameters', { data: [article] }, false],
    ['parameters of another type', { data: [article], parameters: { scale: 'two' } }, false],
    ['no title', { data: [without('title')], parameters }, false],
    ['no author', { data: [without('author')], parameters }, false],
    ['no list of reviewers, which is an empty one', { data: [without('reviewers')], parameters }, true],
    ['no mask, which is optional', { data: [without('mask')], parameters }, true],
    ['a text that is none', { data: [{ ...article, text: 5 }], parameters }, false],
    ['another shape', { data: [{ ...article, embedding: [1, 2, 3] }], parameters }, false],
    ['another dtype', { data: [{ ...article, tags: { ...article.tags, mask: [1, 0] } }], parameters }, false],
    [
      'a field that authors lack',
      { data: [{ ...article, tags: { ...article.tags, author: { name: 'A', age: 5 } } }], parameters },
      false,
    ],
    [
      'a tree whose branch is none',
      { data: [{ ...article, tags: { ...article.tags, tree: { label: 'a', children: [{}] } } }], parameters },
      false,
    ],
    ['a match without a name', { data: [{ ...article, matches: [{}] }], parameters }, false],
  ])('says what the gateway takes and answers: %s', async (_, body, isValid) => {
    const { status, answer } = await send('/articles', body)
    const fits = validator().validate(schemaOf('/articles', 'request'), body)
    expect([fits, status], JSON.stringify(answer)).toEqual([isValid, isValid ? 200 : 422])
    if (!isValid) return
    const ajv = validator()
    const fit = ajv.validate(schemaOf('/articles', 'answer'), answer)
    expect(fit, JSON.stringify([ajv.errors, answer])).toBe(true)
  })

  it('refuses answers that lack a field', async () => {
    const { answer } = await send('/articles', { data: [article], parameters })
    const schema = schemaOf('/articles', 'answer')
    const data = (answer as { data: Record<string, unknown>[] }).data
    for (const key of ['embedding', 'tags', 'chunks']) {
      const less = { ...(answer as object), data: [{ ...data[0], [key]: null }] }
      expect(validator().validate(schema, less), key).toBe(false)
    }
  })
})

interface Operation {
  readonly requestBody: { readonly content: Content }
  readonly responses: { readonly 200: { readonly content: Content } }
}

interface Content {
  readonly 'application/json': { readonly schema: object }
}
