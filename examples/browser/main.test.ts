import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from 'millrace/client'
import { afterAll, beforeAll, expect, it } from 'vitest'

/** The built example, because pods cannot load TypeScript. `npm test` builds it first. */
const main = path.resolve(import.meta.dirname, '../../build/examples/browser/main.js')

/** Runs it to its end. */
function run(...args: readonly string[]): Promise<{ readonly code: unknown; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], (error, _stdout, stderr) =>
      resolve({ code: error?.code, stderr }),
    )
  })
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'browser-search-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

it('serves a page and its Flow, and removes its index when it ends', async () => {
  const env = { ...process.env, TMPDIR: folder }
  const example = spawn(process.execPath, [main, '--port', '0'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(example, 'exit')
  try {
    const lines = createInterface({ input: example.stdout })[Symbol.asyncIterator]()
    expect((await lines.next()).value).toMatch(/^Indexed \d{3,} passages of docs\/ in 2 shards/)
    const url = /Open (\S+)/.exec((await lines.next()).value as string)![1]!
    const page = await fetch(url)
    expect(await page.text()).toContain('search.js')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    expect((await fetch(`${url}/millrace-client.js`)).status).toBe(200)
    expect((await fetch(`${url}/../package.json`)).status).toBe(404)
    const { host } = (await (await fetch(`${url}/flow.json`)).json()) as { host: string }
    await using client = new Client({ host })
    const [query] = await client.post('/search', 'bearer tok', { parameters: { limit: 3 } })
    expect(query!.matches).toHaveLength(3)
    expect(query!.matches.at(0)!.text).toMatch(/token/i)
    const preflight = await fetch(`${host}/post`, {
      method: 'OPTIONS',
      headers: { origin: url, 'access-control-request-method': 'POST' },
    })
    expect(preflight.headers.get('access-control-allow-origin')).toBe(url)
  } finally {
    example.kill('SIGINT')
    await ended
  }
  expect((await readdir(folder)).filter((name) => name.startsWith('browser-search-'))).toEqual([])
}, 120_000)

it('says when its port is taken', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  expect(await run('--port', String(port))).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`port ${port} is taken`),
  })
  server.close()
})

it.each([
  [['--prot', '1'], "Unknown option '--prot'"],
  [['--port', '70000'], '--port: expected a port from 0 to 65535'],
])('ends with code 2 and a message on %j', async (args, message) => {
  const { code, stderr } = await run(...args)
  expect(code).toBe(2)
  expect(stderr).toContain(message)
  expect(stderr).toContain('npm run browser-search -- --help')
})
