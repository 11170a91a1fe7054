import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import type { Openable } from '../../auth/auth-rules.js'
import { testRequestLimits } from '../../fixture.suite.js'
import { undescribed } from '../../refusals.js'
import { MillraceError } from '../../../errors.js'
import { defaultHttpRules, type HttpRules } from '../../http-rules.js'
import { type HttpOptions, httpServersOfTests } from './server.suite.js'

const start = httpServersOfTests()

interface OpenApi {
  readonly info: { readonly title: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: object; readonly securitySchemes?: object }
  readonly security?: unknown
}

interface Operation {
  readonly operationId: string
  readonly security?: unknown
  readonly responses: Readonly<Record<string, { readonly content: object }>>
}

const description = {
  endpoints: ['_jina_dry_run_', '/default', '/echo', '/words', '/a b/{c}'],
  writeEndpoints: [],
  streamEndpoints: ['/words'],
  schemas: {},
}

async function documentOf(http: Partial<HttpRules> = {}, options: HttpOptions = {}): Promise<OpenApi> {
  const { client } = await start({
    http: { ...defaultHttpRules, ...http },
    describe: () => description,
    ...options,
  })
  const { text, headers } = await client.get('/openapi.json')
  expect(headers['content-type']).toBe('application/json; charset=utf-8')
  return JSON.parse(text) as OpenApi
}

function lockedBut(open: readonly Openable[]): HttpOptions {
  return { facts: { name: 'flow', limits: testRequestLimits, open } }
}

/** `GET /words` for each operation. */
function routesOf({ paths }: OpenApi): readonly string[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  )
}

const own = ['GET /', 'GET /health/live', 'GET /health/ready', 'GET /openapi.json']
const debug = ['POST /post', 'GET /dry_run', 'GET /status']
const crud = [
  ...['POST /index', 'POST /search', 'POST /update', 'PUT /update', 'POST /delete', 'DELETE /delete'],
]
const served = ['POST /default', 'POST /echo', 'POST /words', 'GET /words', 'POST /a%20b/%7Bc%7D']

describe('/openapi.json', () => {
  it.each<[string, Partial<HttpRules>, readonly string[]]>([
    ['has all routes', {}, [...served, ...crud, ...debug, ...own]],
    ['has no routes that are off', { crudEndpoints: false, debugEndpoints: false }, [...served, ...own]],
    [
      'has exposed routes',
      { expose: { '/echo': { path: '/v1/echo', methods: ['GET', 'PUT'] } } },
      ['GET /v1/echo', 'PUT /v1/echo', ...served, ...crud, ...debug, ...own],
    ],
  ])('%s, and is valid', async (_, http, routes) => {
    const document = await documentOf(http)
    expect(routesOf(document).toSorted()).toEqual([...routes].toSorted())
    expect(await new Validator().validate({ ...document })).toEqual({ valid: true })
    const ids = Object.values(document.paths).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId),
    )
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('has routes that answer, with the methods that it lists', async () => {
    const { client } = await start({ describe: () => description })
    const document = await documentOf()
    for (const route of routesOf(document)) {
      const [method = '', path = ''] = route.split(' ')
      const accept = route === 'GET /words' ? 'text/event-stream' : '*/*'
      const { status } = await client.send({ method, path, headers: { accept } })
      expect([route, status]).toEqual([route, path === '/health/ready' ? 503 : 200])
    }
  })

  it('has title and description as the options say', async () => {
    expect((await documentOf()).info).toMatchObject({ title: 'flow' })
    const { info } = await documentOf({ title: 'Search', description: 'Finds *things*.' })
    expect(info).toMatchObject({ title: 'Search', description: 'Finds *things*.' })
  })

  it('asks for a token where one is needed', async () => {
    const open = await documentOf()
    expect(open).not.toHaveProperty('security')
    expect(open.components).not.toHaveProperty('securitySchemes')
    const locked = await documentOf({}, lockedBut(['health']))
    expect(await new Validator().validate({ ...locked })).toEqual({ valid: true })
    expect(locked.security).toEqual([{ token: [] }])
    expect(locked.components.securitySchemes).toEqual({ token: { type: 'http', scheme: 'bearer' } })
    expect(locked.paths['/health/live']!['get']!.security).toEqual([])
    expect(locked.paths['/health/live']!['get']!.responses).not.toHaveProperty('401')
    expect(locked.paths['/echo']!['post']).not.toHaveProperty('security')
    expect(locked.paths['/echo']!['post']!.responses).toHaveProperty('401')
    expect(locked.paths['/openapi.json']!['get']).not.toHaveProperty('security')
    const { paths } = await documentOf({}, lockedBut(['openapi']))
    expect(paths['/openapi.json']!['get']!.security).toEqual([])
    expect(paths['/health/live']!['get']).not.toHaveProperty('security')
  })

  it('is open or not as the Flow says', async () => {
    const { client } = await start({
      callers: {
        check: (_, purpose) =>
          purpose === 'openapi' ? null : new MillraceError('UNAUTHENTICATED', 'no token', { notRun: true }),
        counter: () => null,
      },
    })
    expect((await client.get('/openapi.json?a=1')).status).toBe(200)
    expect((await client.get('/status')).status).toBe(401)
    expect((await client.send({ method: 'POST', path: '/openapi.json' })).status).toBe(401)
  })

  it('answers 503 while a stage has not described itself, 405 to other methods, and 404 when it is off', async () => {
    const starting = await start({
      describe() {
        throw undescribed('index')
      },
    })
    const answer = await starting.client.get('/openapi.json')
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1'])
    const other = await start()
    const { status, headers } = await other.client.send({ method: 'POST', path: '/openapi.json' })
    expect([status, headers['allow']]).toEqual([405, 'GET'])
    const without = await start({ http: { ...defaultHttpRules, openapi: false } })
    expect((await without.client.get('/openapi.json')).status).toBe(404)
  })

  it('describes the bodies of requests, answers and failures', async () => {
    const { components } = await documentOf()
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    ajv.addSchema({ components }, 'api')
    const fits = (name: string, value: unknown): boolean =>
      ajv.validate(`api#/components/schemas/${name}`, value) as boolean
    const { client } = await start()
    for (const [body, isValid] of [
      [{}, true],
      [{ data: [{ text: 'a', tags: { n: [1] }, tensor: [[1, 2]], chunks: [{ matches: [{}] }] }] }, true],
      [{ data: { docs: [{ embedding: [true, null] }] }, parameters: { a: 1 } }, true],
      [{ data: { text: 'a', docs: null }, targetExecutor: null }, true],
      [{ data: { scores: { a: { value: 1, op_name: 'x' }, b: null } } }, true],
      [{ data: ['a'] }, false],
      [{ data: { docs: 5 } }, false],
      [{ data: [{ text: 5 }] }, false],
      [{ data: [{ granularity: -1 }] }, false],
      [{ data: [{ blob: '%' }] }, false],
      [{ data: [{ scores: { a: { op_name: 5 } } }] }, false],
      [{ parameters: [] }, false],
      [{ header: 'a' }, false],
      [[], false],
    ] as const) {
      const { status, text } = await client.postJson(body, '/echo')
      expect([body, fits('Request', body), status]).toEqual([body, isValid, isValid ? 200 : 422])
      expect(fits(isValid ? 'Answer' : 'Failure', JSON.parse(text))).toBe(true)
    }
    const exception = { name: 'TypeError', args: ['bad'], stacks: [], executor: 'Exec' }
    const failing = await start({
      handle: async (data) => {
        data.status = { code: 'ERROR', description: 'bad', exception }
        return data
      },
    })
    const { text } = await failing.client.postJson({}, '/echo')
    expect(fits('Answer', JSON.parse(text))).toBe(true)
  })

  it('shows a stream only to clients that accept one, and says so to others', async () => {
    const { client } = await start({ describe: () => description })
    const { status, text } = await client.get('/words?text=a')
    expect(status).toBe(406)
    expect(text).toContain('send the header accept: text/event-stream')
    const other = await client.send({ method: 'PUT', path: '/words' })
    expect([other.status, other.headers['allow']]).toEqual([405, 'GET, POST'])
    expect((await client.get('/echo')).status).toBe(405)
  })
})

it.each([
  [{ 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' }, [{ url: 'https://shop.example' }]],
  [{ 'x-forwarded-host': 'a.example, b.example:8443' }, [{ url: 'http://b.example:8443' }]],
  [{ 'x-forwarded-host': '"><script>' }, undefined],
  [{}, undefined],
])('behind a trusted proxy with %j the document names the servers %j', async (headers, servers) => {
  const get = { method: 'GET', path: '/openapi.json', headers: headers as Record<string, string> }
  const { client } = await start({ trustProxy: ['127.0.0.1'] })
  expect(JSON.parse((await client.send(get)).text).servers).toEqual(servers)
  const { client: untrusting } = await start()
  expect(JSON.parse((await untrusting.send(get)).text)).not.toHaveProperty('servers')
})
