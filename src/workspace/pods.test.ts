import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from './fixtures.suite.js'
import { enterShard, forgetPods, outlastOthers } from './pods.js'
import { processSpace, processStart } from './process-space.js'

async function childOf(program: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', `console.log('up'); ${program}`], { stdio: 'pipe' })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

/** Of the Flow 'killed'. */
function note(shard: string, pid: number, space = processSpace()): void {
  const folder = join(shard, '.millrace.pods')
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, [pid, processStart(pid) ?? '', space.replaceAll('/', '_'), 'killed'].join('~')),
    '',
  )
}

test('a process is noted from when it enters until it leaves', () => {
  const shard = temporaryFolder()
  const leave = enterShard(shard, 'a')
  const leaveToo = enterShard(shard, 'b')
  expect(readdirSync(join(shard, '.millrace.pods'))).toHaveLength(2)
  leave()
  expect(readdirSync(join(shard, '.millrace.pods'))).toHaveLength(1)
  leaveToo()
  expect(readdirSync(shard)).toEqual([])
})

test('pods of the own Flow are not waited for, and are forgotten with it', () => {
  const shard = temporaryFolder()
  enterShard(shard, 'a')
  outlastOthers(shard, 'a')
  forgetPods(shard, 'b')
  expect(readdirSync(shard)).toEqual(['.millrace.pods'])
  forgetPods(shard, 'a')
  expect(readdirSync(shard)).toEqual([])
})

test('a pod of a killed program that ends is waited for', async () => {
  const shard = temporaryFolder()
  const child = await childOf('setTimeout(() => {}, 300)')
  note(shard, child.pid!)
  outlastOthers(shard, 'a') // a zombie that Node has not reaped yet has ended, too
  expect(readdirSync(shard)).toEqual([])
})

test('a pod of a killed program that goes on is named', async () => {
  const shard = temporaryFolder()
  const child = await childOf('setInterval(() => {}, 1000)')
  note(shard, child.pid!)
  expect(() => outlastOthers(shard, 'a', 50)).toThrow(
    `${shard} is still used by pods (pid ${child.pid}) of a Flow whose program was killed.`,
  )
})

test('notes of another container, and files that are not notes, are removed', () => {
  const shard = temporaryFolder()
  note(shard, process.pid, 'elsewhere')
  writeFileSync(join(shard, '.millrace.pods', 'x'), '')
  outlastOthers(shard, 'a')
  expect(readdirSync(shard)).toEqual([])
})
