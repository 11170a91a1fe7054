import { describe, expect, it } from 'vitest'
import { HandClock } from '../../../../lib/hand-clock.suite.js'
import { defaultHttpRules } from '../../../http-rules.js'
import { loadProtocols } from '../../index.js'
import { httpServersOfTests } from '../server.suite.js'
import { modulesOfTests, routesOfTests } from './modules.suite.js'

const start = routesOfTests()
const moduleOf = modulesOfTests()
const startWith = httpServersOfTests()
const starting = (routes: string, options = {}): Promise<unknown> =>
  startWith({ ...options, http: { ...defaultHttpRules, routes } })

describe('at the start a module of routes is refused', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/health/ready'],
    ['POST', '/post'],
    ['GET', '/docs'],
    ['GET', '/openapi.json'],
  ])('that registers %s %s', async (method, url) => {
    const body = `app.route({ method: '${method}', url: '${url}', handler: async () => 1 })`
    await expect(start(body)).rejects.toMatchObject({
      code: 'START_FAILED',
      message: expect.stringMatching(
        new RegExp(
          `^http\\.routes: /.*routes\\.mjs registers ${method} ${url}, which is a route of Millrace's`,
        ),
      ) as string,
    })
  })

  it.each([
    ["app.get('/*', async () => 1)", /registers GET \/\*, where the Flow's endpoints are.*prefix/],
    ["app.post('/search', async () => 1)", /registers POST \/search, which is one of Jina.*crudEndpoints/],
    ["app.put('/v1/echo', async () => 1)", /registers PUT \/v1\/echo, which is in http\.expose/],
    [
      "app.get('/a', async () => 1); app.get('/a', async () => 1)",
      /registers GET \/a, which .* registered before/,
    ],
    ['app.setNotFoundHandler(() => {})', /sets a handler for what is not found.*prefix/],
    ["throw new RangeError('no database')", /routes\.mjs failed: RangeError: no database/],
    ['await app.register(async () => { throw new Error("inner") })', /routes\.mjs failed: Error: inner/],
  ])('that runs %s', async (body, message) => {
    const expose = { '/echo': { path: '/v1/echo', methods: ['PUT'] } } as const
    await expect(start(body, { rules: { expose } })).rejects.toMatchObject({
      code: 'START_FAILED',
      message: expect.stringMatching(message) as string,
    })
  })

  it('that does not load, or exports no function', async () => {
    await expect(starting('/nowhere/routes.mjs')).rejects.toMatchObject({
      code: 'MODULE_NOT_FOUND',
      message: expect.stringContaining('http.routes: There is no folder /nowhere') as string,
    })
    await expect(starting(moduleOf("import 'no-such-package'"))).rejects.toMatchObject({
      code: 'MODULE_NOT_FOUND',
      message: expect.stringContaining('no-such-package') as string,
    })
    await expect(starting(moduleOf('export const routes = 1'))).rejects.toMatchObject({
      code: 'EXPORT_NOT_FOUND',
      message: expect.stringMatching(/must export a function 'default'; it exports routes/) as string,
    })
  })

  it.each([
    ['whose function never ends', 'export default () => new Promise(() => {})'],
    ['that never loads', 'await new Promise(() => {}); export default () => {}'],
    ['with a plugin that never ends', 'export default async (app) => { app.register((_a, _o, done) => {}) }'],
  ])('%s', async (_name, text) => {
    const clock = new HandClock()
    await loadProtocols(['http']) // so that the timer of the module is the first one
    const started = expect(starting(moduleOf(text), { clock })).rejects.toMatchObject({
      code: 'START_FAILED',
      message: expect.stringMatching(
        /routes\.mjs has not finished to register its routes within 10 s/,
      ) as string,
    })
    await expect.poll(() => clock.timers).toBeGreaterThan(0)
    clock.move(10_000)
    await started
  })
})

it('a module may have a path of Jina’s where the Flow has it not', async () => {
  const { client } = await start(
    "app.get('/status', async () => 'mine')\napp.post('/search', async () => 'mine')",
    {
      rules: { crudEndpoints: false, debugEndpoints: false },
    },
  )
  expect((await client.get('/status')).text).toBe('mine')
  expect((await client.postJson({}, '/search')).text).toBe('mine')
})

it('another export than the default one may be named', async () => {
  const file = moduleOf("export const shop = async (app) => { app.get('/mine', async () => 'x') }")
  const { client } = (await starting(`${file}#shop`)) as Awaited<ReturnType<typeof start>>
  expect((await client.get('/mine')).text).toBe('x')
})
