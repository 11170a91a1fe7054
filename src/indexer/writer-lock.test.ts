import { once } from 'node:events'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { acquireWriterLock } from './writer-lock.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-writer-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const bounded = (): AbortSignal => AbortSignal.timeout(20_000)

it('is held by one at a time, and free when it is released', async () => {
  const first = await acquireWriterLock(folder, bounded())
  await expect(acquireWriterLock(folder, AbortSignal.timeout(50))).rejects.toThrow()
  await first.release()
  await (await acquireWriterLock(folder, bounded())).release()
})

// the system says of a thread whether it lives
it.runIf(process.platform === 'linux')(
  'is free some seconds after the thread that held it has ended',
  async () => {
    const code =
      "require('worker_threads').parentPort.on('message', () => {}).postMessage(require('fs').readlinkSync('/proc/thread-self'))"
    const holder = new Worker(code, { eval: true })
    try {
      const [thread] = (await once(holder, 'message')) as [string]
      const content = { pid: process.pid, host: hostname(), thread, token: 'of the thread' }
      const file = join(folder, 'writer-1.lock')
      writeFileSync(file, JSON.stringify(content))
      const touched = new Date(Date.now() - 30_000)
      utimesSync(file, touched, touched)
      await expect(acquireWriterLock(folder, AbortSignal.timeout(50))).rejects.toThrow()
    } finally {
      await holder.terminate()
    }
    await (await acquireWriterLock(folder, bounded())).release()
  },
)
