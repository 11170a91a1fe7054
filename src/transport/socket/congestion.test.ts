import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Scope } from '../../call/scope.js'
import { Document, DocumentArray } from '../../document/index.js'
import { MillraceError } from '../../errors.js'
import { deferred } from '../../lib/deferred.js'
import { DataRequest } from '../../wire/data-request.js'
import { headBytes, readHead } from '../frames/frame.js'
import { dialSocket } from './channel.js'

const closes: (() => void)[] = []
afterEach(() => {
  for (const close of closes.splice(0)) close()
})

/** A pod that does not read until it is told to. */
async function blockedPod(): Promise<{ channel: Awaited<ReturnType<typeof dialSocket>>; peer: Socket }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'congestion-'))
  const server = createServer({ pauseOnConnect: true })
  server.listen(path.join(folder, 'pod'))
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const channel = await dialSocket({ kind: 'socket', path: path.join(folder, 'pod') }, {})
  const [peer] = await accepted
  closes.push(() => {
    peer.destroy()
    server.close()
    rmSync(folder, { recursive: true })
  })
  return { channel, peer }
}

function megabyte(): DataRequest {
  const docs = new DocumentArray([new Document({ blob: new Uint8Array(1024 * 1024) })])
  return DataRequest.create({ endpoint: '/a', docs })
}

const never = Number.POSITIVE_INFINITY

test('requests that were cancelled, or are too late, are not kept for a pod that does not read', async () => {
  const { channel, peer } = await blockedPod()
  const leaving = new Scope(never, {})
  const deadline = Date.now() + 300
  const cancelled = Array.from({ length: 20 }, () =>
    channel.handle(megabyte(), leaving).catch(({ code }) => code),
  )
  const late = Array.from({ length: 20 }, () =>
    channel.handle(megabyte(), new Scope(deadline, {})).catch(({ code }) => code),
  )
  await expect.poll(() => channel.isCongested).toBe(true)
  leaving.abort(new MillraceError('CANCELLED', 'enough'))
  expect(new Set(await Promise.all(cancelled))).toEqual(new Set(['CANCELLED']))
  expect(new Set(await Promise.all(late))).toEqual(new Set(['DEADLINE_EXCEEDED']))
  expect(channel.isCongested).toBe(false)
  const closed = channel.close()
  expect(await requestsRead(peer)).toBeLessThan(4)
  await closed
})

test('a channel says when it is not congested any more', async () => {
  const { channel, peer } = await blockedPod()
  const drained = deferred()
  channel.onCapacity!(() => drained.resolve())
  const call = new Scope(never, {})
  for (let index = 0; index < 20; index++) void channel.handle(megabyte(), call).catch(() => {})
  await expect.poll(() => channel.isCongested).toBe(true)
  peer.resume()
  await drained.promise
  await expect.poll(() => channel.isCongested).toBe(false)
  await channel.close()
})

/** How many whole requests come until the connection ends. */
async function requestsRead(peer: Socket): Promise<number> {
  const chunks: Buffer[] = []
  for await (const chunk of peer) chunks.push(chunk as Buffer)
  const all = Buffer.concat(chunks)
  let requests = 0
  for (let at = 0; at + headBytes <= all.length; ) {
    const { kind, size } = readHead(all, at)
    if (kind === 1) requests++
    at += headBytes + size
  }
  return requests
}
