import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CommandLine, type Ended } from './support/command-line.js'

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
  }[]
  readonly startTime: number
  readonly endTime: number
  readonly samples: readonly number[]
}

/** The functions that ran in a profile. */
function sampledIn(file: string): ReadonlySet<string> {
  const { nodes, samples, startTime, endTime } = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile
  expect(endTime).toBeGreaterThan(startTime)
  const seen = new Set(samples)
  return new Set(nodes.flatMap(({ id, callFrame }) => (seen.has(id) ? [callFrame.functionName] : [])))
}

/** The Executor's method and what it calls, which V8 may make part of the method. */
const grinding: ReadonlySet<string> = new Set(['grind', 'grindFor'])

const program = path.join(import.meta.dirname, 'fixtures', 'profiled.mjs')
const commandLine = new CommandLine()
let folder: string
beforeAll(async () => {
  await commandLine.startProgram(program, 'mill')
  folder = path.dirname(commandLine.socketFolder)
})
afterAll(() => commandLine.close())

const profile = (...args: readonly string[]): Promise<Ended> => commandLine.run('profile', ...args)

describe('millrace profile', () => {
  it.each([
    ['stone/rep-1', 'stone/rep-1', 'a process'],
    ['stone', 'stone/rep-0', 'a stage, of which it takes the first replica'],
    ['parts/shard-1', 'parts/shard-1/rep-0', 'a shard whose replicas are threads'],
    ['here/rep-0', 'here/rep-0', 'a replica on the thread of the program'],
  ])('%s: finds the function of the Executor in %s, %s', async (target, pod) => {
    const file = path.join(folder, `${pod.replaceAll('/', '-')}.cpuprofile`)
    const { code, stdout, stderr } = await profile(target, '--seconds', '1', '--out', file)
    expect({ code, stderr, stdout }).toEqual({
      ...{ code: 0, stderr: '' },
      stdout: `${pod}: 1 s of its CPU in ${file}\n`,
    })
    expect([...sampledIn(file)].filter((name) => grinding.has(name))).not.toEqual([])
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('gateway: profiles the thread of the gateway, without that of the program', async () => {
    const file = path.join(folder, 'gateway.cpuprofile')
    expect(await profile('gateway', '--seconds', '1', '--out', file)).toMatchObject({ code: 0, stderr: '' })
    const { nodes } = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile
    expect(nodes.some(({ callFrame }) => callFrame.url.includes('/gateway/thread.js'))).toBe(true)
    expect([...sampledIn(file)].filter((name) => grinding.has(name))).toEqual([])
  })

  it('--heap: writes the objects of a replica, among them its Executor', async () => {
    const file = path.join(folder, 'stone.heapsnapshot')
    expect(await profile('stone', '--heap', '--out', file)).toMatchObject({
      ...{ code: 0, stderr: '' },
      stdout: `stone/rep-0: its heap in ${file}\n`,
    })
    const { snapshot, strings } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly snapshot: { readonly node_count: number }
      readonly strings: readonly string[]
    }
    expect(snapshot.node_count).toBeGreaterThan(1000)
    expect(strings).toContain('Grinding')
  })

  it('says what cannot be profiled, and why', async () => {
    const taken = path.join(folder, 'taken.cpuprofile')
    await profile('stone', '--seconds', '1', '--out', taken)
    const refusals = [
      [['ston'], "There is no stage 'ston'. Did you mean 'stone'?"],
      [['stone/rep-7'], "no replica 'stone/rep-7'. The replicas of 'stone': stone/rep-0, stone/rep-1."],
      [['through'], "Stage 'through' has no replicas of its own to profile"],
      [['stone', '--seconds', '1', '--out', taken], 'exists already'],
      [['stone', '--seconds', '1', '--out', path.join(folder, 'no', 'file')], 'cannot be written'],
    ] as const
    for (const [args, complaint] of refusals) {
      const { code, stdout, stderr } = await profile(...args)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain(complaint)
    }
    const misuses = [
      [[], 'TARGET'],
      [['stone', '--seconds', '301'], '--seconds must be from 1 to 300, not 301.'],
      [['stone', '--heap', '--seconds', '2'], '--seconds is not for --heap.'],
      [['stone', '--on', 'kubernetes'], 'not for containers'],
    ] as const
    for (const [args, complaint] of misuses) {
      const { code, stderr } = await profile(...args)
      expect(code).toBe(2)
      expect(stderr).toContain(complaint)
    }
  })
})
