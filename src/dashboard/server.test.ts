import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { FlowStatus } from '../control/status.js'
import { MillraceError } from '../errors.js'
import { deferred } from '../lib/deferred.js'
import { type Dashboard, serveDashboard } from './server.js'
import type { Watched } from './watched.js'

const status: FlowStatus = {
  ...{ name: 'shop', on: 'localhost', pid: 7, port: 8 },
  ...{ listeners: [], stages: [] },
}
const failed = JSON.stringify({
  ...{ time: '2026-11-30T12:00:00.000Z', level: 'error', name: 'upper/rep-0', pid: 7, message: 'broken' },
  ...{ endpoint: '/fail', code: 'EXECUTOR_FAILED', requestId: 'a' },
})
let calls: unknown[] = []
const watched: Watched = {
  status: async () => status,
  served: async () => ({ endpoints: ['/search'], streamEndpoints: [], schemas: {} }),
  async scale(stage, scaling) {
    calls.push([stage, scaling])
    if (stage !== 'upper') throw new MillraceError('NOT_FOUND', `There is no stage '${stage}'.`)
    return { from: 1, to: 2, seconds: 0.5 }
  },
  lines: async ({ of, format }) => (format === 'json' ? [failed] : [`${of}: hello`, `${of}: again`]),
  async call(tried) {
    calls.push(tried)
    return '{"docs":[]}'
  },
}

/** Of the source; the script is built, and that of the package is tested in a browser. */
const sourceOf = (name: string): Buffer => readFileSync(new URL(`page/${name}`, import.meta.url))
const files = new Map([
  ['page.html', { type: 'text/html; charset=utf-8', content: sourceOf('page.html') }],
  ['page.css', { type: 'text/css', content: sourceOf('page.css') }],
  ['page.js', { type: 'text/javascript', content: sourceOf('main.tsx') }],
])

const open: Dashboard[] = []
afterEach(async () => {
  calls = []
  await Promise.all(open.splice(0).map((dashboard) => dashboard.close()))
})

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** A dashboard, and how to ask it; `base` is the path of its page. */
async function start(given: Partial<Watched> = {}) {
  const dashboard = await serveDashboard({ ...watched, ...given }, { port: 0, files })
  open.push(dashboard)
  const { port } = dashboard
  const url = new URL(dashboard.url!)
  const ask = (path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', path, method, headers, agent: false }, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += String(chunk)))
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }))
      })
      sent.on('error', reject)
      sent.end(body)
    })
  const enter = async (): Promise<{ readonly cookie: string }> => {
    const { headers } = await ask(`${url.pathname}${url.search}`)
    return { cookie: String((headers['set-cookie'] as string[])[0]).split(';')[0]! }
  }
  return { dashboard, port, base: url.pathname, link: `${url.pathname}${url.search}`, ask, enter }
}

describe('the link of a dashboard', () => {
  it('opens the page, and gives a cookie that scripts and other sites do not get', async () => {
    const { dashboard, base, link, ask } = await start()
    const { status: code, headers, text } = await ask(link)
    expect([code, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    expect(text).toContain('page.js')
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(new RegExp(`^millrace=[\\w-]{43}; Path=${base}; HttpOnly; SameSite=Strict$`)),
    ])
    expect(dashboard.url).toBe(null)
  })

  it('works once', async () => {
    const { link, ask } = await start()
    expect((await ask(link)).status).toBe(200)
    const again = await ask(link)
    expect([again.status, again.headers['set-cookie']]).toEqual([403, undefined])
    expect(again.text).toContain('millrace dashboard')
  })

  it.each(['', 'wrong', 'x'.repeat(43)])(
    'does not work with the token %j, and still works then',
    async (token) => {
      const { base, link, ask } = await start()
      const wrong = await ask(`${base}?token=${token}`)
      expect([wrong.status, wrong.headers['set-cookie']]).toEqual([403, undefined])
      expect((await ask(link)).status).toBe(200)
    },
  )

  it('is not used up by a HEAD request, as programs send to preview links', async () => {
    const { link, ask } = await start()
    expect((await ask(link, { method: 'HEAD' })).status).toBe(403)
    expect((await ask(link)).status).toBe(200)
  })
})

describe('what a dashboard serves', () => {
  const names = ['', 'page.js', 'page.css', 'page.html', 'served']

  it('needs the cookie', async () => {
    const { base, ask, enter } = await start()
    const { cookie } = await enter()
    const wrong = `millrace=${'x'.repeat(43)}`
    for (const name of [...names, 'events', 'nothing']) {
      expect((await ask(`${base}${name}`)).status).toBe(403)
      expect((await ask(`${base}${name}`, { headers: { cookie: wrong } })).status).toBe(403)
    }
    for (const name of names) {
      const answer = await ask(`${base}${name}`, { headers: { cookie: `other=1; ${cookie}` } })
      expect(answer.status).toBe(200)
    }
  })

  it('lies below a path that nobody guesses', async () => {
    const { base, ask, enter } = await start()
    const headers = await enter()
    expect(base).toMatch(/^\/[\w-]{12}\/$/)
    for (const path of ['/', '/page.js', '/events', '/../served', '//'])
      expect((await ask(path, { headers: { ...headers } })).status).toBe(404)
  })

  it('is not given to a page that came by another name, as with DNS rebinding', async () => {
    const { base, link, port, ask, enter } = await start()
    for (const host of [
      `evil.example:${port}`,
      `127.0.0.1.evil.example:${port}`,
      '10.0.0.1',
      'localhost@evil',
    ])
      expect((await ask(link, { headers: { host } })).status).toBe(421)
    const { cookie } = await enter()
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, '[::1]:9999', 'LOCALHOST'])
      expect((await ask(base, { headers: { host, cookie } })).status).toBe(200)
  })

  it('has a policy that lets the page load nothing from elsewhere, and lets no other origin read', async () => {
    const { base, ask, enter } = await start()
    const headers = { ...(await enter()), origin: 'https://evil.example' }
    for (const name of names) {
      const { headers: got } = await ask(`${base}${name}`, { headers })
      expect(got['content-security-policy']).toMatch(
        /^default-src 'none'; script-src 'self'; style-src 'self'; /,
      )
      expect(got['content-security-policy']).not.toContain('unsafe')
      expect(got['x-content-type-options']).toBe('nosniff')
      expect(got['cache-control']).toBe('no-store')
      expect(Object.keys(got).filter((header) => header.startsWith('access-control'))).toEqual([])
    }
    const { text } = await ask(base, { headers })
    expect(text).not.toMatch(/ style=| on\w+=|<script>/)
  })
})

describe('a command of the page', () => {
  const body = '{"stage":"upper","replicas":2}'

  it('scales, and says what happened', async () => {
    const { base, port, ask, enter } = await start()
    const headers = { ...(await enter()), origin: `http://127.0.0.1:${port}` }
    const done = await ask(`${base}scale`, { method: 'POST', headers, body })
    expect([done.status, JSON.parse(done.text)]).toEqual([200, { from: 1, to: 2, seconds: 0.5 }])
    const shard = '{"stage":"upper","replicas":2,"shard":1}'
    await ask(`${base}scale`, { method: 'POST', headers, body: shard })
    expect(calls).toEqual([
      ['upper', { replicas: 2 }],
      ['upper', { replicas: 2, shard: 1 }],
    ])
  })

  it.each([undefined, 'https://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost'])(
    'is refused from the origin %s',
    async (origin) => {
      const { base, ask, enter } = await start()
      const headers = { ...(await enter()), ...(origin !== undefined && { origin }) }
      for (const name of ['scale', 'call', 'output', 'failures'])
        expect((await ask(`${base}${name}`, { method: 'POST', headers, body })).status).toBe(403)
      expect(calls).toEqual([])
    },
  )

  it('needs the cookie, and answers no preflight', async () => {
    const { base, port, ask } = await start()
    const headers = { origin: `http://127.0.0.1:${port}` }
    expect((await ask(`${base}scale`, { method: 'POST', headers, body })).status).toBe(403)
    expect((await ask(`${base}scale`, { method: 'OPTIONS', headers })).status).toBe(403)
    expect(calls).toEqual([])
  })

  it.each([
    ['scale', 'no JSON', 400, 'MALFORMED'],
    ['scale', '{"stage":"upper"}', 400, 'INVALID_OPTION'],
    ['scale', '{"stage":"upper","replicas":"2"}', 400, 'INVALID_OPTION'],
    ['scale', '{"stage":"uper","replicas":2}', 404, 'NOT_FOUND'],
    ['scale', '{"stage":"upper","replica":2}', 400, 'UNKNOWN_OPTION'],
    ['call', '{"endpoint":"/","documents":[],"parameters":[]}', 400, 'INVALID_OPTION'],
    ['call', `{"endpoint":"${'x'.repeat(17 * 1024 * 1024)}"}`, 413, 'RESOURCE_EXHAUSTED'],
  ])('%s refuses a body: %#', async (name, wrong, code, reason) => {
    const { base, port, ask, enter } = await start()
    const headers = { ...(await enter()), origin: `http://127.0.0.1:${port}` }
    const { status: got, text } = await ask(`${base}${name}`, { method: 'POST', headers, body: wrong })
    expect([got, (JSON.parse(text) as { code: string }).code]).toEqual([code, reason])
  })

  it('gives the last lines of a pod', async () => {
    const { base, port, ask, enter } = await start()
    const headers = { ...(await enter()), origin: `http://127.0.0.1:${port}` }
    const body = JSON.stringify({ pod: 'upper/rep-0' })
    const { status: code, text } = await ask(`${base}output`, { method: 'POST', headers, body })
    expect([code, JSON.parse(text)]).toEqual([200, ['upper/rep-0: hello', 'upper/rep-0: again']])
  })

  it('gives the requests of a stage that failed', async () => {
    const { base, port, ask, enter } = await start()
    const headers = { ...(await enter()), origin: `http://127.0.0.1:${port}` }
    const body = JSON.stringify({ stage: 'upper' })
    const { status: code, text } = await ask(`${base}failures`, { method: 'POST', headers, body })
    expect([code, JSON.parse(text)]).toMatchObject([200, [{ requestId: 'a', code: 'EXECUTOR_FAILED' }]])
  })

  it('sends a request through the Flow', async () => {
    const { base, port, ask, enter } = await start()
    const headers = { ...(await enter()), origin: `http://127.0.0.1:${port}` }
    const tried = '{"endpoint":"/search","documents":["a"],"parameters":{"limit":3},"stream":true}'
    const { status: code, text } = await ask(`${base}call`, { method: 'POST', headers, body: tried })
    expect([code, text]).toEqual([200, '{"docs":[]}'])
    expect(calls).toEqual([
      { endpoint: '/search', documents: ['a'], parameters: { limit: 3 }, isStream: true },
    ])
  })
})

describe('the events of a dashboard', () => {
  it('tell each look at the Flow, and why there is none', async () => {
    const change = deferred()
    let isGone = false
    const { base, port, enter } = await start({
      changed: () => change.promise,
      async status() {
        if (isGone) throw new MillraceError('UNAVAILABLE', 'It has stopped.')
        return status
      },
    })
    const response = await fetch(`http://127.0.0.1:${port}${base}events`, { headers: await enter() })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    expect(await reader.read()).toMatchObject({ value: `data: ${JSON.stringify({ status })}\n\n` })
    isGone = true
    change.resolve()
    expect(await reader.read()).toMatchObject({ value: 'data: {"problem":"It has stopped."}\n\n' })
    await reader.cancel()
  })
})

it('says that its port is taken', async () => {
  const { port } = await start()
  await expect(serveDashboard(watched, { port, files })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
})
