import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** The built example, because pods cannot load TypeScript. `npm test` builds it first. */
const main = path.resolve(import.meta.dirname, '../../build/examples/sharded-search/main.js')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sharded-search-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Puts its workspace into the folder of the test. */
function run(...args: string[]): Promise<Ended> {
  const env = { ...process.env, TMPDIR: folder }
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

describe('the example', () => {
  it('searches in two shards, continues without one, and recovers', async () => {
    const { code, stdout, stderr } = await run('--generated', '--documents', '300')
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const counts = [...stdout.matchAll(/indexer\/shard-\d\/rep-0 has (\d+)/g)].map(([, count]) =>
      Number(count),
    )
    expect(counts).toHaveLength(2)
    expect(counts[0]! + counts[1]!).toBe(300)
    const found = Number(/(\d+) found the post/.exec(stdout)?.[1])
    expect(found).toBeGreaterThan(15)
    for (const entry of ['0', '1', 'millrace.json']) expect(stdout).toContain(`VectorIndexer/${entry} `)
    const kills = stdout.split('\n\n').filter((part) => part.includes('Kill '))
    const coverages = kills.map((part) => [...part.matchAll(/\d of \d(?= shards)/g)].map(String))
    expect(coverages).toHaveLength(2)
    for (const seen of coverages) {
      // no answer is partial if the new process is ready within softDeadlineMs; on a busy machine a search may be late after that
      expect(seen.join(', ')).toMatch(/^2 of 2(?:, 1 of 2, 2 of 2)*$/)
    }
    expect(stdout).toContain('1 → 2')
    expect((await readdir(folder)).filter((name) => name.startsWith('sharded-search-'))).toEqual([])
  }, 120_000)

  it.each([
    [['--document', '200'], "Unknown option '--document'"],
    [['--documents', '1'], '--documents: expected a whole number from 10'],
    [['--corpus', '/none/at/all'], '/none/at/all cannot be read'],
  ])('ends with code 2 and a message on %j', async (args, message) => {
    const { code, stderr, stdout } = await run(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).toContain('npm run sharded-search -- --help')
  })
})
