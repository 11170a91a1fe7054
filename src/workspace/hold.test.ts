import { rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { holding, lockOf, temporaryFolder } from './fixtures.suite.js'
import { flowIdVariable } from './flow-id.js'
import { abandonedMs, isRunning, renewalMs } from './holder.js'
import { openWorkspace } from './open-workspace.js'
import type { Clock } from '../lib/clock.js'
import { WorkspaceHold } from './hold.js'

/** A clock with a single timer. */
class Alarm implements Clock {
  time = 1_000_000_000_000
  wake: (() => void) | null = null
  ms = 0
  now = (): number => this.time
  monotonic = (): number => this.time
  after(ms: number, wake: () => void): () => void {
    this.wake = wake
    this.ms = ms
    return () => {
      this.wake = null
    }
  }
  ring(): void {
    this.time += this.ms
    this.wake?.()
  }
}

test('a Flow counts as running until its hold is closed, and its token is for its user only', () => {
  const hold = new WorkspaceHold('search', new Alarm())
  const holder = hold.holder!
  expect(holder).toMatchObject({ name: 'search', pid: process.pid, startedAt: '2001-09-09T01:46:40.000Z' })
  expect(isRunning(holder, 0)).toBe(true)
  expect(statSync(join(holder.token, '..')).mode & 0o777).toBe(0o700)
  hold.close()
  hold.close()
  expect(isRunning(holder, Date.now())).toBe(false)
})

test('its locks are renewed while it is open, and given back when it is closed', () => {
  const alarm = new Alarm()
  const hold = new WorkspaceHold('search', alarm)
  const shard = openWorkspace({ folder: temporaryFolder(), shardId: 0, shards: 1, holder: hold.holder })
  const lock = lockOf(shard)
  expect(holding(shard)).toEqual(hold.holder)
  for (let turn = 1; turn <= 3; turn++) {
    alarm.ring()
    expect(statSync(lock).mtimeMs).toBe(1_000_000_000_000 + turn * renewalMs)
  }
  hold.close()
  expect(holding(shard)).toBeNull()
  expect(alarm.wake).toBeNull()
})

test('two Flows of one program are two holders', () => {
  const [first, second] = [new WorkspaceHold('a', new Alarm()), new WorkspaceHold('a', new Alarm())]
  expect(first.holder!.flow).not.toBe(second.holder!.flow)
  first.close()
  expect(isRunning(second.holder!, 0)).toBe(true)
  second.close()
})

test('a workspace removed in the meantime does not keep its Flow from ending', () => {
  const hold = new WorkspaceHold('search', new Alarm())
  const folder = temporaryFolder()
  openWorkspace({ folder, shardId: 0, shards: 1, holder: hold.holder })
  rmSync(folder, { recursive: true })
  hold.close()
  expect(isRunning(hold.holder!, Date.now())).toBe(false)
})

test('programs that are replicas of one Flow share a workspace, and another Flow is refused until all have ended', () => {
  const folder = temporaryFolder()
  const open = (hold: WorkspaceHold, at: string = folder): string =>
    openWorkspace({ folder: at, shardId: 0, shards: 1, holder: hold.holder })
  const alarm = new Alarm()
  alarm.time = Date.now()
  const [first, second] = [replicaOf('the shop/~', alarm), replicaOf('the shop/~', alarm)]
  const other = new WorkspaceHold('other', new Alarm())
  const shard = open(first)
  expect(open(second)).toBe(shard)
  first.close()
  alarm.ring()
  expect(() => open(other)).toThrow(expect.objectContaining({ code: 'WORKSPACE_CONFLICT' }))
  // a replica that was killed and restarts joins again at once
  const third = replicaOf('the shop/~', alarm)
  expect(open(third)).toBe(shard)
  for (const last of [second, third]) last.close()
  const longAgo = (Date.now() - abandonedMs) / 1000
  utimesSync(lockOf(shard), longAgo, longAgo)
  expect(open(other)).toBe(shard)
  other.close()
})

test('the identity of a replica is for one Flow of its program', () => {
  const [first, second] = [replicaOf('shop', new Alarm()), new WorkspaceHold('a', new Alarm())]
  const third = replicaOf('shop', new Alarm())
  expect(third.holder!.flow).toBe(first.holder!.flow)
  expect(second.holder!.flow).not.toBe(first.holder!.flow)
  third.close()
  first.close()
  second.close()
})

function replicaOf(flow: string, clock: Clock): WorkspaceHold {
  process.env[flowIdVariable] = flow
  return new WorkspaceHold('executor', clock)
}
