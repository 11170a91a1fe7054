import type { Server } from 'node:http'
import { Flow } from 'millrace'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Authority, folderWith } from '../../src/tls/certificates.suite.js'
import { startChromium } from './support/chromium.js'
import { servePage } from './support/page-server.js'

const uses = new URL('../fixtures/client-executors.mjs#Probe', import.meta.url)
const env = { MILLRACE_LOG_LEVEL: 'silent' } // its Executor fails on purpose
const token = 'page-token'

let browser: Browser
let server: Server
let origin: string
let page: Page
let files: ReturnType<typeof folderWith>
let open: Flow
let locked: Flow
let secured: Flow

beforeAll(async () => {
  ;({ server, origin } = await servePage())
  const flowWith = (options: object): Promise<Flow> =>
    new Flow({ quiet: true, host: '127.0.0.1', protocol: ['http', 'websocket'], env, ...options })
      .add({ name: 'probe', uses, runtime: 'thread' })
      .start()
  open = await flowWith({ http: { cors: [origin] } })
  locked = await flowWith({ http: { cors: [origin] }, auth: { bearer: [token] } })
  secured = await flowWith({ http: { cors: [origin] }, tls: certificate() })
  browser = await startChromium()
  page = await browser.newPage()
  await page.goto(origin)
  await page.waitForFunction('window.calls !== undefined')
})

afterAll(async () => {
  await browser?.close()
  await Promise.all([open?.close(), locked?.close(), secured?.close()])
  server?.close()
  files?.close()
})

/** Files of a certificate. */
function certificate(): { readonly cert: string; readonly key: string } {
  const { cert, key } = new Authority().server({ name: 'flow.test' })
  files = folderWith({ 'cert.pem': cert, 'key.pem': key })
  return { cert: files.path('cert.pem'), key: files.path('key.pem') }
}

interface Outcome {
  readonly value?: unknown
  readonly error?: { readonly code: string; readonly message: string }
}

/** Calls a function of `page/calls.js` in the page. */
function inPage(name: string, ...args: readonly unknown[]): Promise<Outcome> {
  return page.evaluate(`window.calls.${name}(...${JSON.stringify(args)})`) as Promise<Outcome>
}

describe.each(['http', 'ws'])('a page over %s', (scheme) => {
  const hostOf = (flow: Flow): string => `${scheme}://127.0.0.1:${flow.port}`

  /** The same with the open Flow. */
  const call = (name: string, ...args: readonly unknown[]): Promise<Outcome> =>
    inPage(name, { host: hostOf(open) }, ...args)

  const seen = async (): Promise<{ begun: number; aborted: number }> =>
    (await call('results', '/seen')).value as { begun: number; aborted: number }

  test('a page is ready when the Flow is', async () => {
    expect(await call('isReady')).toBe(true)
    expect(await inPage('isReady', { host: `${scheme}://127.0.0.1:2` })).toBe(false)
  })

  test('documents keep the types of what they hold, both ways', async () => {
    expect(await call('typed')).toEqual({
      value: {
        tags: {
          nested: { list: [1, 'two', null, true] },
          seen: { tensor: '<f4', embedding: '<i8', last: String(2n ** 62n + 1n), blob: [0, 128, 255] },
        },
        tensor: [expect.any(String), 'Float32Array', '<f4', String(Math.fround(0.1)), 'NaN', '0'],
        embedding: ['BigInt64Array', '1', String(2n ** 62n + 1n)],
        deep: ['deep \u{1f30a}'],
        match: ['255', String(-(2n ** 63n))],
      },
    })
  })

  test('parameters, headers and the deadline reach the handler', async () => {
    const options = { parameters: { top: 3 }, headers: { 'x-tenant': 'a' }, timeoutMs: 30_000 }
    const { value } = await call('results', '/ask', options)
    expect(value).toMatchObject({ parameters: { top: 3 }, tenant: 'a', leftMs: expect.any(Number) })
  })

  test('1,000 requests in order and 20 MB come back', async () => {
    expect(await call('many', 1000)).toEqual({ value: 1000 })
    expect(await call('large', 20_000_000)).toEqual({ value: 20_000_000 })
  })

  test('errors have their codes', async () => {
    expect(await call('post', '/pick', ['good', 'bad'])).toMatchObject({
      error: {
        code: 'EXECUTOR_FAILED',
        message: expect.stringContaining('this one is bad'),
        where: { deployment: 'probe', endpoint: '/pick' },
      },
    })
    expect(await call('post', '/echo', 'a', { requestSiz: 1 })).toMatchObject({
      error: { code: 'UNKNOWN_OPTION' },
    })
  })

  test('a stream gives its documents, and the error of its Executor', async () => {
    expect(await call('words', 'one two three')).toEqual({ value: ['one', 'two', 'three'] })
    expect(await call('words', 'one bad')).toMatchObject({ error: { code: 'EXECUTOR_FAILED' } })
  })

  test('an abort, a deadline and a page that is left abort the handler', async () => {
    const before = await seen()
    const waiting = call('post', '/wait', 'a', { abort: true })
    await expect.poll(seen).toMatchObject({ begun: before.begun + 1 })
    await page.evaluate('window.abortLatest()')
    expect(await waiting).toMatchObject({ error: { code: 'CANCELLED' } })
    await expect.poll(seen).toMatchObject({ aborted: before.aborted + 1 })
    expect(await call('post', '/wait', 'a', { timeoutMs: 500 })).toMatchObject({
      error: { code: 'DEADLINE_EXCEEDED' },
    })
    await expect
      .poll(async () => (await seen()).aborted - (await seen()).begun)
      .toBe(before.aborted - before.begun)
    const left = await browser.newPage()
    await left.goto(origin)
    await left.waitForFunction('window.calls !== undefined')
    const { begun, aborted } = await seen()
    const lost = left
      .evaluate(`window.calls.post({ host: '${hostOf(open)}' }, '/wait', 'a')`)
      .catch(() => 'left')
    await expect.poll(seen).toMatchObject({ begun: begun + 1 })
    await left.close()
    expect(await lost).toBe('left')
    await expect.poll(seen).toMatchObject({ aborted: aborted + 1 })
  })

  test('a token opens a Flow that is locked', async () => {
    const host = hostOf(locked)
    expect(await inPage('post', { host, token }, '/echo', 'a')).toEqual({ value: ['a'] })
    expect(await inPage('post', { host }, '/echo', 'a')).toMatchObject({ error: { code: 'UNAUTHENTICATED' } })
    expect(await inPage('isReady', { host })).toBe(false)
  })

  test('TLS reaches a Flow with a certificate', async () => {
    const options = { host: `${scheme}s://127.0.0.1:${secured.port}` }
    expect(await inPage('post', options, '/echo', 'a')).toEqual({ value: ['a'] })
    expect(await inPage('words', options, 'one two')).toEqual({ value: ['one', 'two'] })
  })
})

test.each([
  // over HTTP the request may have arrived
  ['http', { code: 'OUTCOME_UNKNOWN', retryable: false }],
  ['ws', { code: 'UNAVAILABLE', notRun: true }],
] as const)(
  'over %s a Flow that does not allow the page, and one that is not there, are not told apart, and nothing is sent twice',
  async (scheme, failure) => {
    await using closed = new Flow({ quiet: true, host: '127.0.0.1', protocol: ['http', 'websocket'] }).add({
      name: 'entry',
    })
    await closed.start()
    for (const port of [closed.port, 2]) {
      expect(
        await inPage('post', { host: `${scheme}://127.0.0.1:${port}` }, '/search', 'a', { maxAttempts: 3 }),
      ).toMatchObject({
        error: {
          ...failure,
          message: expect.stringContaining(`cors: ['${origin}']`),
        },
      })
    }
  },
)
