import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateCorpus } from './corpus/generate.js'
import { readJsonLines, writeJsonLines } from './corpus/json-lines.js'

/** The built example, because pods cannot load TypeScript. `npm test` builds it first. */
const main = path.resolve(import.meta.dirname, '../../build/examples/scale-out/main.js')

let folder: string
let corpus: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'scale-out-'))
  corpus = path.join(folder, 'corpus.jsonl')
  await writeJsonLines(corpus, [...generateCorpus(250)])
})
afterAll(() => rm(folder, { recursive: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function run(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

describe('the example', () => {
  it('runs with one replica, with two, scaled to three and back to one', async () => {
    const { code, stdout, stderr } = await run('--corpus', corpus)
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const rows = stdout.split('\n').filter((line) => /^ +\d/.test(line))
    expect(rows.map((row) => row.trim().split(/\s+/).slice(0, 2))).toEqual([
      ['1', '3'],
      ['2', '3'],
      ['3', '3'],
      ['1', '3'],
    ])
    expect(stderr.match(/Flow is ready to use!/g)).toHaveLength(2)
    expect(stderr.match(/3 steps done in/g)).toHaveLength(4)
  })

  it.each(['process', 'thread'])(
    'gives one line of JSON for one number of replicas on %s pods',
    async (runtime) => {
      const { code, stdout } = await run(
        '--corpus',
        corpus,
        '--replicas',
        '2',
        '--runtime',
        runtime,
        '--json',
      )
      expect(code).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({
        corpus: { source: corpus, documents: 250 },
        runtime,
        requestSize: 100,
        runs: [{ replicas: 2, documents: 250, steps: 3, speedUp: 1 }],
      })
    },
  )

  it('writes the corpus for other programs and runs nothing', async () => {
    const copy = path.join(folder, 'copy.jsonl')
    const { code, stderr } = await run('--corpus', corpus, '--write-corpus', copy)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(await readFile(copy)).toEqual(await readFile(corpus))
    expect(await readJsonLines(copy)).toHaveLength(250)
  })

  it.each([
    [['--replica', '2'], "Unknown option '--replica'"],
    [['--corpus', '/none/at/all'], '/none/at/all cannot be read'],
    [['--data', '/none/at/all'], '/none/at/all has no 20newsgroups'],
  ])('ends with code 2 and a message on %j', async (args, message) => {
    const { code, stderr, stdout } = await run(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).toContain('npm start -- --help')
  })
})
