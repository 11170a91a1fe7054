import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Flow, MillraceError } from 'millrace'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { podsOf } from '../../dist/internals.js'

const module = new URL('../fixtures/journal.mjs', import.meta.url)
const uses = new URL('#Journal', module)

let workspace: string
beforeEach(() => {
  workspace = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-workspace-')))
})
afterEach(() => rmSync(workspace, { recursive: true, force: true }))

const patiently = { timeout: 20_000 }
const shard = (): string => join(workspace, 'Journal', '0')
/** The content of its lock. */
function stated(): string {
  const locks = join(shard(), '.millrace.lock')
  const [last, ...others] = readdirSync(locks)
  expect(others).toEqual([])
  return readFileSync(join(locks, last!), 'utf8')
}

interface Stage {
  readonly runtime: 'process' | 'thread' | 'inline'
  readonly replicas?: number
  readonly usesWith?: Readonly<Record<string, unknown>>
}

function flowOf(name: string, stage: Stage): Flow<'journal'> {
  return new Flow({ quiet: true, host: '127.0.0.1', name, workspace }).add({
    name: 'journal',
    uses,
    ...stage,
  })
}

async function refusal(work: Promise<unknown>): Promise<MillraceError> {
  const error: unknown = await work.then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  )
  if (MillraceError.is(error)) return error
  throw error
}

describe.each(['process', 'thread', 'inline'] as const)('the workspace of a %s stage', (runtime) => {
  it('is refused to a second Flow, with the name of the first, and is free when the first is closed', async () => {
    const first = await flowOf('first', { runtime }).start()
    const second = flowOf('second', { runtime })
    const error = await refusal(second.start())
    expect(error).toMatchObject({
      code: 'WORKSPACE_CONFLICT',
      retryable: false,
      where: { deployment: 'journal', pod: 'journal/rep-0' },
    })
    expect(error.message).toContain(
      `journal/rep-0 did not start: ${shard()} is the workspace of Flow 'first' (pid ${process.pid}), which runs since `,
    )
    expect(error.message).toContain('Close that Flow, or give this one another workspace.')
    expect((await first.post('/where', ['a'])).texts).toEqual([`journal/rep-0 ${shard()}`])
    await first.close()
    expect(readdirSync(shard())).toEqual(['.millrace.lock'])
    expect(stated()).toBe('free\n')
    await second.start()
    await second.close()
    await first.start()
    await first.close()
    expect(readdirSync(shard())).toEqual(['.millrace.lock'])
    expect(stated()).toBe('free\n')
  })
})

describe.each(['process', 'thread'] as const)('the workspace of %s pods', (runtime) => {
  it('is free when the program of its Flow was killed', async () => {
    const program = spawn(process.execPath, [fileURLToPath(module), workspace, runtime], { stdio: 'pipe' })
    await once(program.stdout, 'data')
    const { pid } = program
    const before = await refusal(flowOf('next', { runtime }).start())
    expect(before.message).toContain(`is the workspace of Flow 'killed' (pid ${pid})`)
    const exited = once(program, 'exit')
    process.kill(pid!, 'SIGKILL')
    await exited
    expect(JSON.parse(stated())).toMatchObject({ name: 'killed' })
    await using flow = await flowOf('next', { runtime }).start()
    expect((await flow.post('/where', ['a'])).texts).toEqual([`journal/rep-0 ${shard()}`])
    expect(JSON.parse(stated())).toMatchObject({ name: 'next', pid: process.pid })
  })

  it('is shared by all replicas, including new ones and replacements of killed ones', async () => {
    await using flow = await flowOf('shared', { runtime, replicas: 2 }).start()
    const [first] = podsOf(flow)
    first!.signal('SIGKILL')
    await expect.poll(async () => (await flow.status()).stages[0]!.pods[0]!.restarts, patiently).toBe(1)
    await flow.scale('journal', { replicas: 3 })
    await expect.poll(async () => (await flow.status()).stages[0]!.ready, patiently).toBe(3)
    await flow.rollingUpdate('journal', { usesWith: { late: false } })
    const where = await flow.post('/where', Array<string>(60).fill('a'), { requestSize: 1 })
    const pods = new Set(where.texts)
    expect(pods.size).toBe(3)
    for (const text of pods) expect(text).toMatch(new RegExp(`^journal/rep-\\d ${shard()}$`))
  })

  it('is refused when a handler reads it first, too', async () => {
    await using first = await flowOf('first', { runtime }).start()
    await using second = await flowOf('second', { runtime, usesWith: { late: true } }).start()
    const error = await refusal(second.post('/where', ['a']))
    expect(error.code).toBe('EXECUTOR_FAILED')
    expect(error.message).toContain("is the workspace of Flow 'first'")
    expect((await first.post('/where', ['a'])).texts).toHaveLength(1)
  })

  it('is refused when its data has another number of shards', async () => {
    const first = await flowOf('first', { runtime }).start()
    await first.close()
    const marker = join(workspace, 'Journal', 'millrace.json')
    expect(JSON.parse(readFileSync(marker, 'utf8'))).toEqual({ version: 1, shards: 1 })
    writeFileSync(marker, '{ "version": 1, "shards": 3 }')
    const error = await refusal(flowOf('second', { runtime }).start())
    expect(error.code).toBe('WORKSPACE_CONFLICT')
    expect(error.message).toContain(
      `${join(workspace, 'Journal')} holds data of 3 shards, and this stage has 1 shard`,
    )
  })

  it('is released by a Flow that does not start', async () => {
    const broken = new URL('../fixtures/flow-executors.mjs#Broken', import.meta.url)
    const flow = flowOf('first', { runtime }).add({ name: 'broken', uses: broken, runtime })
    expect((await refusal(flow.start())).code).toBe('START_FAILED')
    await using second = await flowOf('second', { runtime }).start()
    expect(second.replicas('journal')).toBe(1)
  })
})
