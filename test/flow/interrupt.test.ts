import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { isRunning } from '../support/processes.js'

const program = path.resolve(import.meta.dirname, '../fixtures/drains.mjs')

interface Started {
  readonly child: ChildProcess
  readonly pod: number
  readonly lines: string[]
  readonly ended: Promise<unknown[]>
}

/** Starts the program and waits until its pod serves and a request that takes `waitMs` is in flight. */
async function start(waitMs: number): Promise<Started> {
  const env = { ...process.env, WAIT_MS: String(waitMs) }
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout! })
  reader.on('line', (line) => lines.push(line))
  const ended = once(child, 'exit')
  const [first] = (await once(reader, 'line')) as [string]
  return { child, pod: Number(first.split(' ')[1]), lines, ended }
}

it('Ctrl-C finishes requests in flight, stops every pod, and ends the program with the signal', async () => {
  const { child, pod, lines, ended } = await start(600)
  child.kill('SIGINT')
  expect(await ended).toEqual([null, 'SIGINT'])
  expect(lines).toContain('answer late')
  expect(isRunning(pod)).toBe(false)
})

it('a second Ctrl-C ends the program at once, and no pod survives', async () => {
  const { child, pod, lines, ended } = await start(600_000)
  child.kill('SIGINT')
  await once(child.stderr!, 'data')
  child.kill('SIGINT')
  await ended
  expect(lines).toHaveLength(1)
  await expect.poll(() => isRunning(pod)).toBe(false)
})

it('SIGTERM to the whole process group loses no request, whether a pod has it or it waits', async () => {
  const queued = path.resolve(import.meta.dirname, '../fixtures/drains-queue.mjs')
  const child = spawn(process.execPath, [queued], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout! })
  const ended = once(child, 'exit')
  await once(reader, 'line')
  reader.on('line', (line) => lines.push(line))
  process.kill(-child.pid!, 'SIGTERM')
  expect(await ended).toEqual([null, 'SIGTERM'])
  expect(lines).toEqual(Array.from({ length: 8 }, () => 'answer late'))
})
