import { ChildProcess, type spawn } from 'node:child_process'
import { constants } from 'node:os'
import { expect, test } from 'vitest'
import { runPod } from '../lifecycle.js'
import type { PodSpec } from '../pod.js'
import { startWith } from './driver.js'

/** Node's own `spawn` on a system that refuses another process with this error. */
function refusing(code: 'EAGAIN' | 'ENOMEM'): typeof spawn {
  const create = (file: string, args: readonly string[], options: object): ChildProcess => {
    const child = new ChildProcess() as ChildProcess & {
      readonly _handle: { spawn: (...given: readonly unknown[]) => number }
      spawn(options: object): void
    }
    const handle = child._handle
    const spawnInLibuv = handle.spawn.bind(handle)
    handle.spawn = (...given) => {
      spawnInLibuv(...given)
      return -constants.errno[code]
    }
    // libuv opens the pipes for a missing file, too, as it has when fork fails
    child.spawn({ ...options, file: '/nowhere/node', args: [file, ...args], envPairs: [] })
    return child
  }
  return create as unknown as typeof spawn
}

const pipes = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource.startsWith('Pipe')).length

test.each(['EAGAIN', 'ENOMEM'] as const)(
  'a process that the system refuses with %s is a failed start, and leaves nothing',
  async (code) => {
    const before = pipes()
    const spec = { name: 'exec/rep-0', deployment: 'exec', timeoutReadyMs: 60_000, env: {} } as PodSpec
    const options = { signal: new AbortController().signal, onLine: () => {} }
    const starting = runPod((given, events) => startWith(refusing(code), given, events), spec, options)
    await expect(starting).rejects.toMatchObject({
      code: 'START_FAILED',
      message: expect.stringMatching(new RegExp(`exec/rep-0 .*${code}`, 's')) as string,
    })
    await expect.poll(() => pipes()).toBe(before)
  },
)
