import { subscribe } from 'node:diagnostics_channel'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { afterAll, expect, test } from 'vitest'
import { Document, DocumentArray } from '../document/index.js'
import { deferred } from '../lib/deferred.js'
import { DataRequest } from '../wire/data-request.js'
import { frame, frameKind, noDeadline } from './frames/frame.js'
import { Outbox } from './frames/outbox.js'
import { dial, listen } from './index.js'
import { transportSuite } from './transport.suite.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

let paths = 0
const nextPath = (): string => join(folder, `${paths++}.sock`)

const accepted = new Set<Socket>()
subscribe('net.server.socket', (message) => accepted.add((message as { socket: Socket }).socket))

transportSuite('memory', {
  async connect(service, options = {}) {
    const listener = await listen({ kind: 'memory' }, service, options.listen)
    const channel = await dial(listener.address, options.dial)
    return { listener, channel, kill: () => {} }
  },
  unsupported: {
    'fails all calls in flight when the peer dies, and says so': 'both ends live and die with the thread',
    'ends a stream whose peer dies': 'both ends live and die with the thread',
  },
})

transportSuite('a port', {
  async connect(service, options = {}) {
    const { port1, port2 } = new MessageChannel()
    const listener = await listen({ kind: 'port', port: port1 }, service, options.listen)
    const channel = await dial({ kind: 'port', port: port2 }, options.dial)
    return { listener, channel, kill: () => port1.close() }
  },
})

transportSuite('a socket', {
  async connect(service, options = {}) {
    const listener = await listen({ kind: 'socket', path: nextPath() }, service, options.listen)
    const channel = await dial(listener.address, options.dial)
    return { listener, channel, kill: () => accepted.forEach((socket) => socket.destroy()) }
  },
})

const silent = {
  handle: () => new Promise<never>(() => {}),
  async *stream() {},
  describe: () => ({ endpoints: [], writeEndpoints: [], streamEndpoints: [], schemas: {} }),
}

test('a socket is open to its user only, and gone when its listener is closed', async () => {
  const path = nextPath()
  const listener = await listen({ kind: 'socket', path }, silent)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  await listener.close()
  expect(existsSync(path)).toBe(false)
})

test('a listener closes in time although its caller takes no bytes any more', async () => {
  const path = nextPath()
  const answered = deferred()
  const listener = await listen(
    { kind: 'socket', path },
    {
      ...silent,
      handle(request) {
        const answer = request.answer()
        answer.docs = new DocumentArray([new Document({ blob: new Uint8Array(10_000_000) })])
        answered.resolve()
        return Promise.resolve(answer)
      },
    },
  )
  // never read from
  const caller = createConnection({ path })
  const outbox = new Outbox()
  const parts = DataRequest.create({ endpoint: '/a' }).encodeParts()
  outbox.push(frame(frameKind.request, 1, { number: noDeadline, parts }))
  for (const piece of outbox.takePieces()) caller.write(piece)
  await answered.promise
  await listener.close({ graceMs: 10 })
  caller.destroy()
})

test('dialling a socket where nobody listens is UNAVAILABLE', async () => {
  await expect(dial({ kind: 'socket', path: nextPath() })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})

test('dialling with an aborted signal is CANCELLED', async () => {
  const signal = AbortSignal.abort()
  await expect(dial({ kind: 'socket', path: nextPath() }, { signal })).rejects.toMatchObject({
    code: 'CANCELLED',
  })
})

test('a service in memory can be dialled without being listened to', async () => {
  const channel = await dial({ kind: 'memory', service: silent })
  expect((await channel.describe()).endpoints).toEqual([])
  await channel.close()
})

test('a port that listen makes is dialled by its address', async () => {
  const listener = await listen({ kind: 'port' }, silent)
  const channel = await dial(listener.address)
  expect((await channel.describe()).endpoints).toEqual([])
  await Promise.all([channel.close(), listener.close()])
})
