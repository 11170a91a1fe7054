import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { startPod } from '../dist/internals.js'
import { podSpec } from './fixtures/pods/pod-spec.mjs'
import { isRunning } from './support/processes.js'

/** Effects of pods on the program that starts them, which each test runs in a process of its own. */

const tmp = mkdtempSync(join(tmpdir(), 'pods-alone-'))
beforeEach(() => {
  for (const name of readdirSync(tmp)) rmSync(join(tmp, name), { recursive: true })
})
afterAll(() => rmSync(tmp, { recursive: true }))

const options = { signal: new AbortController().signal, onLine: () => {} }

test.each(['process', 'thread', 'inline'])('stopped %s pods leave nothing behind', async (kind) => {
  const program = run('leftovers.mjs', [kind])
  // it exits by itself: no handle keeps it alive
  expect(await program.code).toBe(0)
  const paths = JSON.parse(program.lines[0] ?? '[]') as (string | null)[]
  for (const path of paths) if (path !== null) expect(existsSync(dirname(path))).toBe(false)
  expect(readdirSync(tmp)).toEqual([])
})

test.each(['/loop', '/hang'])(
  'a process pod busy with %s does not outlive its parent killed by SIGKILL',
  async (endpoint) => {
    const program = run('parent.mjs', [endpoint])
    const pid = Number((await program.line(/^pod (\d+)$/))[1])
    await program.line(endpoint === '/loop' ? /looping/ : /hanging/)
    program.child.kill('SIGKILL')
    await program.code
    await gone(pid)
  },
)

test('a program that just exits leaves nothing behind either', async () => {
  const program = run('parent.mjs', ['/die'])
  const pid = Number((await program.line(/^pod (\d+)$/))[1])
  // the request killed the pod, so nothing keeps the program alive
  expect(await program.code).toBe(0)
  await gone(pid)
  expect(readdirSync(tmp)).toEqual([])
})

test('the folder of a process that was killed is removed by the next one', async () => {
  const program = run('parent.mjs', ['/hang'])
  await program.line(/hanging/)
  program.child.kill('SIGKILL')
  await program.code
  expect(readdirSync(tmp)).toHaveLength(1)
  expect(await run('leftovers.mjs', ['process']).code).toBe(0)
  expect(readdirSync(tmp)).toEqual([])
})

test('a thread that runs out of memory reports it, and the program keeps running', async () => {
  const program = run('out-of-memory.mjs', [], { flags: ['--max-old-space-size=48'] })
  expect(await program.code).toBe(0)
  const exit = JSON.parse(program.lines.at(-1) ?? '') as { expected: boolean; reason: string }
  expect(exit.expected).toBe(false)
  expect(exit.reason).toMatch(/ran out of memory/)
})

test.skipIf(process.platform === 'win32').each(['process', 'thread'])(
  'without file descriptors a %s pod does not start, and the program keeps running',
  async (kind) => {
    const program = run('descriptors.mjs', [kind], { limit: 'ulimit -n 160' })
    expect(await program.code).toBe(0)
    const [first, ...later] = program.lines
    expect(first).toBe('started')
    expect(later.pop()).toBe('started')
    expect(later).toHaveLength(8)
    for (const outcome of later) expect(outcome).toMatch(/^started$|^START_FAILED: exec\/rep-1 /)
    expect(later[0]).toMatch(/EMFILE/)
  },
)

test('sockets are in a folder that only their user can enter', async () => {
  const pod = await startPod('process', podSpec('Talker'), options)
  const { address } = pod
  if (address.kind !== 'socket') throw new Error('not a socket')
  expect(statSync(address.path).mode & 0o777).toBe(0o600)
  expect(statSync(dirname(address.path)).mode & 0o777).toBe(0o700)
  await pod.stop()
})

test('a process pod ignores SIGINT, and drains and exits on SIGTERM', async () => {
  const pod = await startPod('process', podSpec('Talker'), options)
  process.kill(pod.pid, 'SIGINT')
  process.kill(pod.pid, 'SIGTERM')
  expect(await pod.exited).toEqual({
    expected: false,
    reason: 'exited with code 0',
    code: 0,
    output: [],
    isFromOutside: false,
  })
})

test('a killed process pod reports the signal', async () => {
  const pod = await startPod('process', podSpec('Talker'), options)
  process.kill(pod.pid, 'SIGKILL')
  expect(await pod.exited).toEqual({
    expected: false,
    reason: 'was killed by SIGKILL',
    code: 137,
    output: [],
    isFromOutside: true,
  })
})

interface Program {
  readonly child: ChildProcess
  readonly lines: readonly string[]
  readonly code: Promise<number | null>
  line(pattern: RegExp): Promise<RegExpExecArray>
}

/** Runs a program of `fixtures/pods`; `limit` is a command of the shell that sets its limits. */
function run(
  script: string,
  args: readonly string[],
  { flags = [], limit }: { readonly flags?: readonly string[]; readonly limit?: string } = {},
): Program {
  const path = fileURLToPath(new URL(`./fixtures/pods/${script}`, import.meta.url))
  const command = [process.execPath, ...flags, path, ...args]
  const [file = '', ...rest] =
    limit === undefined ? command : ['sh', '-c', `${limit}; exec "$@"`, 'sh', ...command]
  const child = spawn(file, rest, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: tmp },
  })
  const lines: string[] = []
  const waiting = new Set<() => void>()
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line)
    for (const look of waiting) look()
  })
  return {
    child,
    lines,
    code: new Promise((resolve) => child.on('close', resolve)),
    line: (pattern) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = lines.map((line) => pattern.exec(line)).find((match) => match !== null)
          if (found === undefined || found === null) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
}

/** Resolves when the process has ended; the test's own time limit is the limit. */
async function gone(pid: number): Promise<void> {
  while (isRunning(pid)) await sleep(10)
}
