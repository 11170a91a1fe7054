import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { Holder } from './holder.js'
import { mountNamespace, processSpace, processStart } from './process-space.js'

/** In memory where the system has such a folder: some tests create thousands of locks, which is slow on a disk. */
const fastFolder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** Creates a folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(fastFolder, 'millrace-workspace-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A running Flow of this process, unless `facts` say otherwise. */
export function holderOf(facts: Partial<Holder> = {}): Holder {
  const token = join(temporaryFolder(), 'token')
  writeFileSync(token, '')
  return {
    flow: randomUUID(),
    name: 'search',
    pid: process.pid,
    processStart: processStart(process.pid),
    space: processSpace(),
    mounts: mountNamespace(),
    token,
    startedAt: '2026-01-02T03:04:05.678Z',
    ...facts,
  }
}

/** Ends a Flow of `holderOf`: its locks no longer count. */
export function end({ token }: Holder): void {
  rmSync(token)
}

/** The file of the lock that is in force. */
export function lockOf(folder: string): string {
  const locks = join(folder, '.millrace.lock')
  const [last, ...others] = readdirSync(locks)
  expect(others).toEqual([])
  return join(locks, last!)
}

/** The Flow that has locked a folder; null when it is free. */
export function holding(folder: string): unknown {
  const text = readFileSync(lockOf(folder), 'utf8')
  return text === 'free\n' ? null : JSON.parse(text)
}
