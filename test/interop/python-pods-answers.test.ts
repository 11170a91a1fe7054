import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Flow } from 'millrace'
import { afterAll, expect, test } from 'vitest'

import { pythonPath, pythonV2Path, runPython } from './python.js'

// Flows of Jina in YAML, with Executors in Python: run by Jina and by Millrace, and asked by the client of Jina.

const folder = path.join(import.meta.dirname, 'python-pods')
const main = path.resolve(import.meta.dirname, '../../dist/cli/main.js')
const base = mkdtempSync(path.join(tmpdir(), 'python-pods-'))
process.env['BASE'] = base

afterAll(() => rmSync(base, { recursive: true }))

type Request = readonly [on: string, texts: readonly string[]]
const texts: Request = ['/foo', ['abc', 'grüße', '']]
const stored: readonly Request[] = [
  ['/index', ['abc', 'bcd', 'cde', 'xyz']],
  ['/search', ['c', 'x', 'q']],
  ['/where', ['x']],
]
const flows: readonly [file: string, requests: readonly Request[]][] = [
  ['replicas.yml', [texts]],
  ['needs.yml', [texts]],
  ['shards.yml', stored],
]
/** What DocArray v2 has to merge is not compared here. */
const v2: typeof flows = [['replicas.yml', [texts]]]

const cases = [
  ...flows.map((flow) => ({ version: 'v1', script: 'jina_pods.py', python: pythonPath, flow })),
  ...v2.map((flow) => ({ version: 'v2', script: 'docarray_v2_pods.py', python: pythonV2Path, flow })),
]

test.each(cases)(
  '$flow.0 gives the same answers as in Jina ($version)',
  { timeout: 120_000 },
  async ({ script, python, flow: [file, requests] }) => {
    const expected = await runPython(script, { flow: path.join(folder, file), requests })
    const flow = await Flow.loadConfig(path.join(folder, file), {
      usesWith: { host: '127.0.0.1', port: 0, quiet: true, python: python() },
    })
    await flow.start()
    try {
      const { stages } = await flow.status()
      expect(stages.map(({ runtime }) => runtime)).toEqual(stages.map(() => 'python'))
      expect(await runPython(script, { port: flow.port, requests })).toEqual(expected)
    } finally {
      await flow.close()
    }
  },
)

test('millrace flow runs a YAML of Jina without a change, and its Python ends with it when it is killed', {
  timeout: 60_000,
}, async () => {
  const child = spawn(
    process.execPath,
    [main, 'flow', path.join(folder, 'replicas.yml'), '--host', '127.0.0.1'],
    {
      env: { ...process.env, VIRTUAL_ENV: path.dirname(path.dirname(pythonPath())) },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  try {
    const port = await portOf(child)
    const [answer] = await runPython<{ docs: { text: string }[] }[]>('jina_pods.py', {
      port,
      requests: [['/foo', ['abc']]],
    })
    expect(answer!.docs.map(({ text }) => text)).toEqual(['ABC!'])
    const pids = await pidsBelow(port)
    expect(new Set(pids).size).toBe(2)
    expect(pids.filter(isAlive)).toHaveLength(pids.length)
    child.kill('SIGKILL')
    await expect.poll(() => pids.filter(isAlive), { timeout: 30_000 }).toEqual([])
  } finally {
    child.kill('SIGKILL')
  }
})

/** The port in the banner. */
async function portOf(child: ChildProcess): Promise<number> {
  let output = ''
  return new Promise((resolve, reject) => {
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      output += text
      const [, port] = /Local access:\D+127\.0\.0\.1:(\d+)/.exec(output) ?? []
      if (port !== undefined) resolve(Number(port))
    })
    void once(child, 'exit').then(() => reject(new Error(`it ended:\n${output}`)))
  })
}

/** The processes of the replicas of `shout`, which answer in turn. */
async function pidsBelow(port: number): Promise<number[]> {
  const requests = [['/who', Array.from({ length: 20 }, (_, index) => `${index}`)]]
  const [answer] = await runPython<{ docs: { tags: { pid: string } }[] }[]>('jina_pods.py', {
    port,
    requests,
  })
  return [...new Set(answer!.docs.map(({ tags }) => Number(tags.pid)))]
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
