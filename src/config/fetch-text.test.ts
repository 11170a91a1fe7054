import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadFlow } from './load-flow.js'

const pages: Readonly<Record<string, string>> = {
  '/flow.yml': 'jtype: Flow\nwith: {name: fetched}\nexecutors: [{name: a}]',
  '/marked.yml': '\ufeffjtype: Flow\nwith: {name: "\ufeffmarked"}\nexecutors: [{name: a}]',
  '/wrong.yml': 'jtype: Flow\nversion: 2',
  '/long.yml': `# ${'x'.repeat(1024 * 1024)}`,
}

let server: Server
let address = ''
beforeAll(async () => {
  server = createServer((request, response) => {
    const page = pages[request.url ?? '']
    response.writeHead(page === undefined ? 404 : 200).end(page)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

it('a Flow is read from a web server', async () => {
  const { settings, stages } = await loadFlow(new URL(`${address}/flow.yml`), {})
  expect([settings.name, stages.length]).toEqual(['fetched', 1])
})

it('a byte order mark is removed before the text, and kept inside a value', async () => {
  const { settings } = await loadFlow(new URL(`${address}/marked.yml`), {})
  expect(settings.name).toBe('\ufeffmarked')
})

it.each([
  ['/wrong.yml', /^http:\/\/127\.0\.0\.1:\d+\/wrong\.yml:2:10: version must be '1'/],
  ['/missing.yml', /missing\.yml cannot be read: the server answers 404\.$/],
  ['/long.yml', /long\.yml cannot be read: it has more than 1048576 bytes\.$/],
])('what a web server has is refused where it cannot be read: %s', async (page, message) => {
  await expect(loadFlow(address + page, {})).rejects.toMatchObject({
    code: 'BAD_YAML',
    message: expect.stringMatching(message) as string,
  })
})

it('an unreachable web server is an error', async () => {
  await expect(loadFlow('http://127.0.0.1:1/flow.yml', {})).rejects.toMatchObject({ code: 'BAD_YAML' })
})
