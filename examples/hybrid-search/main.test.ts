import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hybridSearch } from './flow.js'

const root = path.resolve(import.meta.dirname, '../..')
/** The built example, because pods cannot load TypeScript. `npm test` builds it first. */
const main = path.join(root, 'build/examples/hybrid-search/main.js')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hybrid-search-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('the example', () => {
  it('finds passages by words and vectors, and by words alone where a query asks for that', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [main, '--generated', '--documents', '300'],
      { env: { ...process.env, TMPDIR: folder } },
    )
    const found = [...stdout.matchAll(/(\d+) found the post .*; stages: (.*)/g)]
    expect(found.map(([, , stages]) => stages)).toEqual([
      'gateway, terms, term_index, fusion, vectors, vector_index',
      'gateway, terms, term_index, fusion',
    ])
    for (const [, count] of found) expect(Number(count)).toBeGreaterThan(17)
    // the post itself is first in both lists: 2 / 61
    expect(stdout).toMatch(/post-0: rrf 0\.033, bm25 \d+\.\d+, cosine 0\.\d+/)
    expect(stdout).toMatch(/post-0: rrf 0\.016, bm25 \d+\.\d+, cosine –/)
    expect(stdout).toContain('10 of 20 have matches of both searches')
    expect((await readdir(folder)).filter((name) => name.startsWith('hybrid-search-'))).toEqual([])
  }, 120_000)

  it.each(['docs/graphs.md', 'examples/hybrid-search/README.md'])('has its flowchart in %s', async (page) => {
    const flow = hybridSearch({ workspace: folder, frequencies: { documents: 0, byColumn: [] } })
    const file = path.join(folder, 'flow.mmd')
    await flow.toFlowchart(file)
    const chart = await readFile(file, 'utf8')
    await rm(file)
    expect(await readFile(path.join(root, page), 'utf8')).toContain(`\`\`\`mermaid\n${chart}\`\`\`\n`)
  })
})
