import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import path from 'node:path'
import { Flow, MillraceError } from 'millrace'
import { expectNothingLeft, leftovers } from 'millrace/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { isRunning } from '../support/processes.js'
import { commandLine } from '../support/servers.js'

const fixtures = path.resolve(import.meta.dirname, '../fixtures')
const executors = path.join(fixtures, 'flow-executors.mjs')
const runtimes = ['process', 'thread'] as const

const open: Server[] = []

afterEach(() => {
  vi.restoreAllMocks()
  for (const server of open.splice(0)) server.close()
})

/** A Flow of two stages, of which the second never becomes ready. */
function endless(runtime: (typeof runtimes)[number], more: { readonly port?: number } = {}) {
  return new Flow({ quiet: true, host: '127.0.0.1', ...more })
    .add({ name: 'upper', uses: `${executors}#Upper`, runtime })
    .add({ name: 'endless', uses: `${executors}#Endless`, runtime })
}

/** Resolves once a pod has printed this. */
function printed(text: string): Promise<void> {
  return new Promise((resolve) => {
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      if (String(chunk).includes(text)) resolve()
      return true
    })
  })
}

/** The code of the error, or `started`. */
function outcomeOf(starting: Promise<unknown>): Promise<string> {
  return starting.then(
    () => 'started',
    (error: unknown) => MillraceError.from(error).code,
  )
}

describe.each(runtimes)('the start of a Flow with %s pods', (runtime) => {
  it('ends by close(), which resolves when nothing is left, and the Flow can be started again', async () => {
    const before = leftovers()
    const flow = endless(runtime)
    for (let attempt = 0; attempt < 2; attempt++) {
      const loading = printed('loading for ever')
      const starting = outcomeOf(flow.start())
      await loading
      vi.restoreAllMocks()
      await flow.close()
      expect(flow.port).toBe(0)
      expect(await starting).toBe('CANCELLED')
      await expectNothingLeft(before)
    }
  })

  it('ends by a signal, whose reason is the cause', async () => {
    const before = leftovers()
    const abort = new AbortController()
    const loading = printed('loading for ever')
    const starting = endless(runtime).start({ signal: abort.signal })
    const refused = starting.catch((error: unknown) => error)
    await loading
    vi.restoreAllMocks()
    const reason = new Error('the user left')
    abort.abort(reason)
    expect(await refused).toMatchObject({ code: 'CANCELLED', cause: reason })
    await expectNothingLeft(before)
  })

  it('can be cancelled at any moment, and leaves nothing', async () => {
    const before = leftovers()
    const flow = new Flow({ quiet: true, host: '127.0.0.1' }).add({ uses: `${executors}#Upper`, runtime })
    const outcomes = new Set<string>()
    for (let turns = 0; turns < 400; turns = Math.ceil((turns + 1) * 1.6)) {
      const starting = outcomeOf(flow.start())
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
      await flow.close()
      outcomes.add(await starting)
      expect(await outcomeOf(flow.status())).toBe('NOT_STARTED')
    }
    await expectNothingLeft(before)
    expect(outcomes).toContain('CANCELLED')
  })

  it('fails at once when the port is taken, though a stage still loads', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    open.push(server)
    await once(server, 'listening')
    const before = leftovers()
    const { port } = server.address() as { readonly port: number }
    vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    expect(await outcomeOf(endless(runtime, { port }).start())).toBe('PORT_IN_USE')
    await expectNothingLeft(before)
  })
})

it('a start with a signal that was aborted before starts nothing', async () => {
  const before = leftovers()
  const flow = endless('process')
  expect(await outcomeOf(flow.start({ signal: AbortSignal.abort() }))).toBe('CANCELLED')
  await expectNothingLeft(before, { timeoutMs: 0 })
})

interface Started {
  readonly child: ChildProcess
  readonly pod: number
  readonly ended: Promise<unknown[]>
}

/** Runs a program until a pod of it loads. */
async function loading(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Started> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'exit')
  const pod = await new Promise<number>((resolve) => {
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const pid = /@(\d+): loading for ever/.exec(said)?.[1]
      if (pid !== undefined) resolve(Number(pid))
    })
  })
  return { child, pod, ended }
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s during the start', (signal) => {
  it.each(runtimes)('ends a program with %s pods as by the signal', async (runtime) => {
    const { child, pod, ended } = await loading([path.join(fixtures, 'endless.mjs')], { RUNTIME: runtime })
    child.kill(signal)
    expect(await ended).toEqual([null, signal])
    expect(isRunning(pod)).toBe(false)
  })

  it('ends `millrace flow` with 0', async () => {
    const yaml = `{jtype: Flow, executors: [{name: endless, uses: '${executors}#Endless'}]}`
    const { child, pod, ended } = await loading([commandLine, 'flow', yaml, '--host', '127.0.0.1'])
    child.kill(signal)
    expect(await ended).toEqual([0, null])
    expect(isRunning(pod)).toBe(false)
  })

  it.each([[], ['--restarts', '0']])('ends `millrace executor` %s with 0', async (...more) => {
    const uses = ['--uses', `${executors}#Endless`, '--host', '127.0.0.1']
    const { child, pod, ended } = await loading([commandLine, 'executor', ...uses, ...more])
    child.kill(signal)
    expect(await ended).toEqual([0, null])
    expect(isRunning(pod)).toBe(false)
  })
})
