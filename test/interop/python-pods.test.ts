import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { Document, Flow } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'

import { packContext, packedLength } from '../../src/observe/tracing/packed-context.js'
import { parseTraceparent } from '../../src/observe/tracing/trace-context.js'
import { commandLine } from '../support/servers.js'
import { pythonPath, pythonV2Path } from './python.js'

// The lifecycle of pods in Python: the same as that of other pods.

const run = promisify(execFile)
const module = path.join(import.meta.dirname, 'python-pods', 'executors.py')
const linkFolder = path.join(import.meta.dirname, '..', '..', 'src', 'pods', 'python')
const reverse = path.join(import.meta.dirname, 'python-pods', 'reverse.mjs')
const base = mkdtempSync(path.join(tmpdir(), 'python-pods-'))

afterAll(() => rmSync(base, { recursive: true }))

const flowOptions = {
  host: '127.0.0.1',
  quiet: true,
  python: pythonPath(),
  workspace: path.join(base, 'work'),
}

async function running<F extends Flow<string>>(flow: F, use: (flow: F) => Promise<void>): Promise<void> {
  await flow.start()
  try {
    await use(flow)
  } finally {
    await flow.close()
  }
}

const podsOf = async (flow: Flow<string>, stage: string) =>
  (await flow.status()).stages.find(({ name }) => name === stage)!.pods

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe.each([
  ['v1', pythonPath],
  ['v2', pythonV2Path],
] as const)('pods of Jina with DocArray %s', (_, python) => {
  test('refuse a constructor that throws, with what it threw', async () => {
    const flow = new Flow({ ...flowOptions, python: python() }).add({
      name: 'bad',
      uses: `${module}#Refusing`,
    })
    await expect(flow.start()).rejects.toMatchObject({
      code: 'START_FAILED',
      message: expect.stringMatching(
        /^bad\/rep-0 did not start: The constructor of Refusing threw ValueError: no model at \.\/model\.bin/,
      ) as string,
    })
  })

  test('describe their endpoints, and stop with their Flow', async () => {
    const flow = new Flow({ ...flowOptions, python: python() }).add({
      name: 'shout',
      uses: `${module}#Shout`,
    })
    let pids: readonly (number | null)[] = []
    await running(flow, async () => {
      pids = (await podsOf(flow, 'shout')).map(({ pid }) => pid)
      expect(pids.map((pid) => isAlive(pid!))).toEqual([true])
      const out = path.join(base, 'shout.cpuprofile')
      const args = ['profile', 'shout', '--flow', String(process.pid), '--out', out]
      await expect(run(process.execPath, [commandLine, ...args])).rejects.toThrow(
        `py-spy record --pid ${pids[0]}`,
      )
    })
    expect(pids.map((pid) => isAlive(pid!))).toEqual([false])
  })
})

test('stages in Python and TypeScript work on the same documents', async () => {
  const flow = new Flow(flowOptions)
    .add({ name: 'before', uses: reverse })
    .add({ name: 'shout', uses: `${module}#Shout`, usesWith: { suffix: '!' }, env: { COLOUR: 'blue' } })
    .add({ name: 'behind', uses: reverse })
  await running(flow, async () => {
    expect((await flow.post('/foo', ['abc', 'grüße'])).texts).toEqual(['!ABC', '!GRÜSSE'])
    const [doc] = await flow.post('/who', 'x')
    expect(doc!.tags['colour']).toBe('blue')
  })
})

test('a replica that is killed under load loses nothing, and comes back', { timeout: 120_000 }, async () => {
  const flow = new Flow(flowOptions).add({ name: 'shout', uses: `${module}#Shout`, replicas: 2 })
  await running(flow, async () => {
    const [first] = await podsOf(flow, 'shout')
    const texts: string[] = []
    let isKilled = false
    const inputs = Array.from({ length: 300 }, (_, index) => new Document({ text: `a${index}` }))
    await flow.post('/slow', inputs, {
      requestSize: 1,
      prefetch: 16,
      parameters: { seconds: 0.01 },
      onDone(response) {
        texts.push(...response.docs.texts)
        if (texts.length < 50 || isKilled) return
        isKilled = true
        process.kill(first!.pid!, 'SIGKILL')
      },
    })
    expect(isKilled).toBe(true)
    expect(texts.toSorted()).toEqual(inputs.map(({ text }) => text.toUpperCase()).toSorted())
    await expect
      .poll(async () => (await podsOf(flow, 'shout')).map(({ state, restarts }) => [state, restarts]), {
        timeout: 60_000,
      })
      .toEqual([
        ['ready', 1],
        ['ready', 0],
      ])
  })
})

test('scaling up and down under load loses nothing', { timeout: 120_000 }, async () => {
  const flow = new Flow(flowOptions).add({ name: 'shout', uses: `${module}#Shout` })
  await running(flow, async () => {
    let isOver = false
    const results: string[] = []
    const load = (async () => {
      for (let index = 0; !isOver; index++) {
        const texts = Array.from({ length: 8 }, (_, each) => `a${index}-${each}`)
        const docs = await flow.post('/slow', texts, {
          requestSize: 1,
          parameters: { seconds: 0.01 },
          resultsInOrder: true,
        })
        expect(docs.texts).toEqual(texts.map((text) => text.toUpperCase()))
        results.push(...docs.texts)
      }
    })()
    try {
      expect(await flow.scale('shout', { replicas: 3 })).toMatchObject({ from: 1, to: 3 })
      const grown = await podsOf(flow, 'shout')
      expect(grown.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready'])
      expect(await flow.scale('shout', { replicas: 1 })).toMatchObject({ from: 3, to: 1 })
      const left = await podsOf(flow, 'shout')
      expect(grown.filter(({ pid }) => isAlive(pid!))).toHaveLength(1)
      expect(left).toHaveLength(1)
    } finally {
      isOver = true
      await load
    }
    expect(results.length).toBeGreaterThan(0)
  })
})

test('requests in flight are answered when the Flow closes', async () => {
  const flow = new Flow(flowOptions).add({ name: 'shout', uses: `${module}#Shout` })
  await flow.start()
  const answer = flow.post('/slow', 'abc', { parameters: { seconds: 1.5 } })
  await expect.poll(async () => (await podsOf(flow, 'shout'))[0]!.inFlight).toBe(1)
  await flow.close()
  expect((await answer).texts).toEqual(['ABC'])
})

test('large documents pass, and a request that is too late is given up', async () => {
  const flow = new Flow(flowOptions).add({ name: 'shout', uses: `${module}#Shout`, retries: 0 })
  await running(flow, async () => {
    const large = 'a'.repeat(20 * 1024 * 1024)
    const [answer] = await flow.post('/', [new Document({ text: large }), new Document({ text: 'b' })])
    expect(answer!.text.length).toBe(large.length)
    const late = flow.post('/slow', 'a', { parameters: { seconds: 2 }, timeoutMs: 300 })
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect((await flow.post('/', 'abc')).texts).toEqual(['ABC'])
  })
})

test('what a handler raises is the answer, and with exitOnExceptions its pod is replaced', async () => {
  const shout = { uses: `${module}#Shout`, retries: 0 }
  const flow = new Flow(flowOptions)
    .add({ ...shout, name: 'kept' })
    .add({ ...shout, name: 'left', exitOnExceptions: ['KeyError'] })
  await running(flow, async () => {
    const asked = (targetExecutor: string): Promise<unknown> => flow.post('/fail', 'a', { targetExecutor })
    await expect(asked('kept')).rejects.toThrow(/KeyError.*no such model/s)
    await expect(asked('left')).rejects.toThrow()
    const states = async (stage: string): Promise<unknown> =>
      (await podsOf(flow, stage)).map(({ state, restarts }) => [state, restarts])
    await expect.poll(() => states('left'), { timeout: 60_000 }).toEqual([['ready', 1]])
    expect(await states('kept')).toEqual([['ready', 0]])
  })
})

test('an environment without jina is refused before anything starts, with the command that helps', async () => {
  const empty = path.join(base, 'empty')
  execFileSync(pythonPath(), ['-m', 'venv', '--without-pip', empty])
  const python = path.join(empty, 'bin', 'python')
  const flow = new Flow(flowOptions).add({ name: 'shout', uses: `${module}#Shout`, python })
  await expect(flow.start()).rejects.toMatchObject({
    code: 'MODULE_NOT_FOUND',
    message: `stage 'shout': jina is not installed in ${empty}: ${python} -m pip install jina`,
  })
})

test('a traced request is answered, and its place in the trace reaches Jina', async () => {
  const tracing = { endpoint: 'http://127.0.0.1:9/v1/traces' } // spans are lost, which no request notices
  const flow = new Flow({ ...flowOptions, tracing }).add({ name: 'shout', uses: `${module}#Shout` })
  const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
  await running(flow, async () => {
    const plain = await flow.post('/', [new Document({ text: 'a' })])
    const marked = await flow.post('/', [new Document({ text: 'b' })], {
      headers: { 'x-tenant': 'c', ...headers },
    })
    expect([plain.texts, marked.texts]).toEqual([['A'], ['B']])
  })

  const context = parseTraceparent(headers.traceparent)!
  const packed = new Uint8Array(packedLength)
  packContext(context, packed, 0)
  const read = [
    'import json, sys',
    'sys.path.insert(0, sys.argv[1])',
    'from millrace_link import Context',
    'print(json.dumps([Context(bytes.fromhex(given)).invocation_metadata() for given in sys.argv[2:]]))',
  ].join('\n')
  const asJson = Buffer.from(JSON.stringify(headers))
  const given = [packed, asJson, new Uint8Array(0)].map((bytes) => Buffer.from(bytes).toString('hex'))
  const { stdout } = await run(pythonPath(), ['-c', read, linkFolder, ...given])
  const pair = ['traceparent', headers.traceparent]
  expect(JSON.parse(stdout)).toEqual([[pair], [pair], []])
})
