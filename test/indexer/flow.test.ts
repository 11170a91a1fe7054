import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Flow } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'
import { afterEach, beforeEach, expect, test } from 'vitest'

let workspace: string
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'millrace-indexer-flow-'))
})
afterEach(() => rmSync(workspace, { recursive: true, maxRetries: 5 }))

test.each(['process', 'thread', 'inline'] as const)(
  'replicas in a Flow, as %s pods, keep what they were given over a restart',
  async (runtime) => {
    const flow = () =>
      new Flow({ workspace }).add({
        name: 'index',
        uses: VectorIndexer,
        usesWith: { columns: { n: 'int' } },
        replicas: runtime === 'inline' ? 1 : 2,
        runtime,
      })
    const documents = Array.from({ length: 300 }, (_, n) => ({ id: `d${n}`, n, embedding: [1, n] }))
    {
      await using first = await flow().start()
      await first.post('/index', documents, { requestSize: 20 })
    }
    await using second = await flow().start()
    const [counted] = await second.post('/count', undefined, { returnResponses: true })
    expect(Object.values(counted!.parameters.__results__ as object)).toEqual([{ count: 300 }])
    const found = await second.post('/search', [{ embedding: [1, 0] }, { embedding: [0, 1] }], {
      parameters: { limit: 2, filter: { tags__n: { $lt: 200 } } },
    })
    expect(Array.from(found, ({ matches }) => Array.from(matches, ({ id }) => id))).toEqual([
      ['d0', 'd1'],
      ['d199', 'd198'],
    ])
  },
)
