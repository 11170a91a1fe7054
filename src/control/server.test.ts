import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer, connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MillraceError } from '../errors.js'
import { Changes } from '../lib/changes.js'
import { deferred } from '../lib/deferred.js'
import { controlAt } from './client.js'
import type { Controlled, Scaled } from './controlled.js'
import { type ControlServer, listen } from './server.js'
import { listFlows } from './sockets.js'
import type { FlowStatus } from './status.js'

const status: FlowStatus = {
  ...{ name: 'shop', on: 'localhost', pid: 7, port: 8 },
  listeners: [{ protocols: ['grpc'], host: '0.0.0.0', port: 8 }],
  stages: [],
}
const scaled: Scaled = { from: 1, to: 2, seconds: 0.5 }
const served = { endpoints: ['/search'], streamEndpoints: [], schemas: { '/search': { input: {} } } }
const done = { until: Promise.resolve() }

let temporary: string
let folder: string
let calls: unknown[]
let flow: Controlled
let changes: Changes
const open: ControlServer[] = []

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'm-'))
  folder = join(temporary, `millrace-${process.getuid!()}`)
  mkdirSync(folder, { mode: 0o700 })
  calls = []
  changes = new Changes()
  flow = {
    status: async () => status,
    changed: () => changes.next(),
    served: async () => served,
    async scale(name, options) {
      calls.push([name, options])
      if (name !== 'upper') throw new MillraceError('NOT_FOUND', `There is no stage '${name}'.`)
      return scaled
    },
    async rollingUpdate(name, options) {
      calls.push([name, options])
    },
    async profile(target, order) {
      calls.push([target, order])
      return { pod: target }
    },
  }
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close(done)))
  rmSync(temporary, { recursive: true })
})

async function start(name = 'shop'): Promise<ControlServer> {
  const server = await listen(flow, name, folder)
  open.push(server)
  return server
}

const surroundings = () => ({ runtimeDir: undefined, temporary, uid: process.getuid!() })

interface Answer {
  readonly status: number | undefined
  readonly body: unknown
  readonly allow: string | undefined
}

function ask(socketPath: string, method: string, path: string, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += String(chunk)))
      response.on('end', () =>
        resolve({ status: response.statusCode, body: JSON.parse(text), allow: response.headers.allow }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Sends bytes as they are and gives all that comes back. */
function raw(path: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = dial(path, () => socket.write(bytes))
    socket.on('data', (chunk) => (text += String(chunk)))
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}

describe('a control server', () => {
  it('listens on a socket of its user, which goes with it', async () => {
    const server = await start()
    expect(server.path).toBe(join(folder, `shop-${process.pid}.sock`))
    expect(lstatSync(server.path).isSocket()).toBe(true)
    expect(lstatSync(server.path).mode & 0o777).toBe(0o600)
    await server.close(done)
    expect(readdirSync(folder)).toEqual([])
  })

  it('says how the Flow stands and passes commands on', async () => {
    const { path } = await start()
    expect(await ask(path, 'GET', '/status?x')).toMatchObject({ status: 200, body: status })
    expect(await ask(path, 'POST', '/scale', '{"stage":"upper","replicas":2}')).toMatchObject({
      body: scaled,
    })
    const update = '{"stage":"upper","usesWith":{"model":"b"}}'
    expect(await ask(path, 'POST', '/rolling-update', update)).toMatchObject({ status: 200, body: {} })
    const order = { kind: 'cpu', seconds: 5, file: '/x' }
    const profile = JSON.stringify({ target: 'upper/rep-0', ...order })
    expect(await ask(path, 'POST', '/profile', profile)).toMatchObject({ body: { pod: 'upper/rep-0' } })
    expect(calls).toEqual([
      ['upper', { replicas: 2 }],
      ['upper', { usesWith: { model: 'b' } }],
      ['upper/rep-0', order],
    ])
  })

  it('says when something changes, and what the gateway serves', async () => {
    const { path } = await start()
    const control = controlAt(path)
    expect(await control.served()).toEqual(served)
    let isTold = false
    const told = control.changed().then(() => (isTold = true))
    const asked = new Promise<void>((resolve) => {
      flow.changed = () => (resolve(), changes.next())
    })
    await asked
    expect(isTold).toBe(false)
    changes.note()
    await told
  })

  it.each([
    ['GET', '/', undefined, 404, 'NOT_FOUND'],
    ['GET', '/constructor', undefined, 404, 'NOT_FOUND'],
    ['GET', '/scale', undefined, 405, 'UNSUPPORTED'],
    ['DELETE', '/status', undefined, 405, 'UNSUPPORTED'],
    ['POST', '/scale', undefined, 400, 'MALFORMED'],
    ['POST', '/scale', '{"stage":', 400, 'MALFORMED'],
    ['POST', '/scale', '{"stage":"upper","replicas":2,"__proto__":{"a":1}}', 400, 'MALFORMED'],
    ['POST', '/scale', '{"stage":"upper","replicas":"2"}', 400, 'INVALID_OPTION'],
    ['POST', '/scale', '{"stage":"upper","replica":2}', 400, 'UNKNOWN_OPTION'],
    ['POST', '/scale', '{"stage":"uper","replicas":2}', 404, 'NOT_FOUND'],
    ['POST', '/rolling-update', '{"stage":"upper","usesWith":[]}', 400, 'INVALID_OPTION'],
    ['POST', '/profile', '{"target":"upper","kind":"all","seconds":1,"file":"/x"}', 400, 'INVALID_OPTION'],
    ['POST', '/profile', '{"target":"upper","kind":"cpu","seconds":301,"file":"/x"}', 400, 'INVALID_OPTION'],
    ['POST', '/profile', '{"target":"upper","kind":"cpu","seconds":1,"file":"x"}', 400, 'INVALID_OPTION'],
  ])('refuses %s %s %s', async (method, route, body, expected, code) => {
    const { path } = await start()
    const answer = await ask(path, method, route, body)
    expect(answer).toMatchObject({ status: expected, body: { code, message: expect.any(String) } })
    expect(await ask(path, 'GET', '/status')).toMatchObject({ status: 200 })
  })

  it.each([1, 20 * 1024 * 1024])('refuses a body %d bytes above the limit', async (more) => {
    const { path } = await start()
    expect(await ask(path, 'POST', '/scale', Buffer.alloc(1024 * 1024 + more))).toMatchObject({
      status: 413,
      body: { code: 'RESOURCE_EXHAUSTED' },
    })
    expect(await ask(path, 'GET', '/status')).toMatchObject({ status: 200 })
  })

  it('says which method a path takes', async () => {
    const { path } = await start()
    expect(await ask(path, 'GET', '/scale')).toMatchObject({ allow: 'POST' })
  })

  it('refuses what is no HTTP, and headers without end', async () => {
    const { path } = await start()
    expect(await raw(path, 'hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /)
    expect(await raw(path, `GET /status HTTP/1.1\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    )
    expect(await ask(path, 'GET', '/status')).toMatchObject({ status: 200 })
  })

  it('answers a defect of the Flow with 500 and no stack', async () => {
    flow = { ...flow, status: () => Promise.reject(new TypeError('oops')) }
    const { path } = await start()
    expect(await ask(path, 'GET', '/status')).toMatchObject({
      status: 500,
      body: { code: 'INTERNAL', message: 'oops' },
    })
  })

  it('answers what is under way when it closes, and takes no more', async () => {
    const asked = deferred<void>()
    const answer = deferred<Scaled>()
    flow = {
      ...flow,
      scale() {
        asked.resolve()
        return answer.promise
      },
    }
    const server = await start()
    const scaling = ask(server.path, 'POST', '/scale', '{"stage":"upper","replicas":2}')
    await asked.promise
    const closed = server.close({ until: answer.promise })
    await expect(controlAt(server.path).status()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    answer.resolve(scaled)
    expect(await scaling).toMatchObject({ status: 200, body: scaled })
    await closed
  })

  it('ends connections that ask nothing when it closes', async () => {
    const server = await start()
    const socket = dial(server.path)
    await new Promise((resolve) => socket.once('connect', resolve))
    const ended = new Promise((resolve) => socket.once('close', resolve))
    socket.resume()
    await server.close(done)
    await ended
  })

  it('stands beside another of the same name', async () => {
    const paths = [(await start()).path, (await start()).path]
    expect(paths.map((path) => path.slice(folder.length + 1))).toEqual([
      `shop-${process.pid}.sock`,
      `shop-${process.pid}.2.sock`,
    ])
    expect((await listFlows(surroundings())).map((found) => found.path).sort()).toEqual(paths.sort())
  })

  it('takes the place of a killed program that had the same process id', async () => {
    writeFileSync(join(folder, `shop-${process.pid}.sock`), '')
    expect((await start()).path).toBe(join(folder, `shop-${process.pid}.sock`))
  })
})

describe('listing', () => {
  it('removes what a killed program left, and nothing else', async () => {
    const { path } = await start()
    writeFileSync(join(folder, 'gone-99999999.sock'), '')
    writeFileSync(join(folder, `early-${process.pid}.sock`), '')
    writeFileSync(join(folder, 'notes.txt'), '')
    expect(await listFlows(surroundings())).toEqual([{ name: 'shop', pid: process.pid, path }])
    expect(readdirSync(folder).sort()).toEqual([
      `early-${process.pid}.sock`,
      'notes.txt',
      `shop-${process.pid}.sock`,
    ])
  })

  it('keeps a Flow of another container, whose process id means nothing here', async () => {
    const path = join(folder, 'far-99999999.sock')
    const server = createServer().listen(path)
    await new Promise((resolve) => server.once('listening', resolve))
    expect(await listFlows(surroundings())).toEqual([{ name: 'far', pid: 99_999_999, path }])
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('a client', () => {
  it('throws what the Flow threw', async () => {
    const { path } = await start()
    const control = controlAt(path)
    expect(await control.scale('upper', { replicas: 2 })).toEqual(scaled)
    await expect(control.scale('uper', { replicas: 2 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: "There is no stage 'uper'.",
    })
  })

  it('says so when no program listens, and when no Flow answers', async () => {
    await expect(controlAt(join(folder, 'none.sock')).status()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const path = join(folder, 'other-1.sock')
    const server = createServer((socket) => {
      socket.resume().end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi')
    }).listen(path)
    await new Promise((resolve) => server.once('listening', resolve))
    await expect(controlAt(path).status()).rejects.toThrow('no JSON object')
    await new Promise((resolve) => server.close(resolve))
  })
})
