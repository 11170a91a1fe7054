import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Flow } from 'millrace'
import { expectNothingLeft, leftovers } from 'millrace/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'

const upper = new URL('../fixtures/flow-executors.mjs#Upper', import.meta.url)

let folder: string
let routes: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-own-routes-'))
  routes = join(folder, 'routes.mjs')
  await writeFile(
    routes,
    `import { MillraceError } from ${JSON.stringify(import.meta.resolve('millrace'))}
     export default async function (app, { client }) {
       app.get('/find', async (request) => (await client.for(request).post('/upper', request.query.text)).texts)
       app.get('/refused', async () => { throw new MillraceError('UNAVAILABLE', 'closed today') })
       app.get('/open', { config: { open: true } }, async () => ({ isReady: await client.isReady() }))
     }`,
  )
})
afterAll(() => rm(folder, { recursive: true }))

it('routes of a module call replicas, need the token of the Flow, and are counted', async () => {
  const before = leftovers()
  {
    await using flow = await new Flow({
      quiet: true,
      host: '127.0.0.1',
      protocol: ['grpc', 'http'],
      http: { routes },
      auth: { bearer: ['secret'] },
      rateLimit: { perSecond: 0.001, burst: 3 },
    })
      .add({ uses: upper, replicas: 2 })
      .start()
    const get = (path: string, headers = {}) => fetch(`http://127.0.0.1:${flow.port}${path}`, { headers })
    const authorization = 'Bearer secret'
    expect((await get('/find?text=a')).status).toBe(401)
    expect(await (await get('/find?text=a', { authorization })).json()).toEqual(['A'])
    const refused = await get('/refused', { authorization })
    expect([refused.status, refused.headers.get('millrace-status')]).toEqual([503, 'UNAVAILABLE'])
    expect(await (await get('/open')).json()).toEqual({ isReady: true })
    expect((await get('/open')).status).toBe(429)
    await using client = new Client({ host: `127.0.0.1:${flow.port}`, token: 'secret' })
    await expect(client.post('/upper', 'b')).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
  }
  await expectNothingLeft(before)
})

it('YAML names the module, and a module that fails leaves nothing running', async () => {
  const before = leftovers()
  const yaml = `jtype: Flow
with: { protocol: [HTTP], host: 127.0.0.1, quiet: true, http: { routes: ${routes} } }
executors: [{ name: entry }]`
  {
    const flow = await Flow.loadConfig(yaml)
    expect(await flow.toYaml()).toContain(`routes: ${routes}`)
    await using running = await flow.start()
    expect((await fetch(`http://127.0.0.1:${running.port}/open`)).status).toBe(200)
  }
  const failing = join(folder, 'failing.mjs')
  await writeFile(failing, "export default async () => { throw new TypeError('no such table') }")
  const flow = new Flow({ quiet: true, protocol: 'http', http: { routes: failing } }).add({ uses: upper })
  await expect(flow.start()).rejects.toMatchObject({
    code: 'START_FAILED',
    message: `http.routes: ${failing} failed: TypeError: no such table`,
  })
  await expectNothingLeft(before)
})
