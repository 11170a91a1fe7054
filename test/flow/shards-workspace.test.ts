import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Document, Flow } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let workspace: string
beforeEach(() => {
  workspace = realpathSync(mkdtempSync(path.join(tmpdir(), 'millrace-shards-')))
})
afterEach(() => rmSync(workspace, { recursive: true, force: true }))

const ids = Array.from({ length: 60 }, (_, n) => `d${n}`)

async function foundBy(flow: Flow<string>): Promise<string[]> {
  const query = new Document({ id: 'q', embedding: Float32Array.of(1, 0) })
  const { matches } = (await flow.post('/search', query, { parameters: { limit: 1000 } })).at(0)!
  return [...matches].map(({ id }) => id).sort()
}

describe.each(['process', 'thread'] as const)(
  'the workspace of a VectorIndexer with %s shards',
  (runtime) => {
    const flowOf = (name: string, shards: number): Flow<'indexer'> =>
      new Flow({ quiet: true, host: '127.0.0.1', name, workspace }).add({
        name: 'indexer',
        uses: VectorIndexer,
        runtime,
        shards,
        polling: 'KEY',
      })

    it('belongs to one Flow and one number of shards, and keeps all documents over a restart', async () => {
      const first = flowOf('first', 2)
      const docs = ids.map((id, n) => new Document({ id, embedding: Float32Array.of(n, 1) }))
      try {
        await first.start()
        await first.post('/index', docs, { requestSize: 7 })
        await expect(flowOf('second', 2).start()).rejects.toMatchObject({
          code: 'WORKSPACE_CONFLICT',
          message: expect.stringContaining("is the workspace of Flow 'first'") as string,
        })
        // a refused Flow has changed nothing
        expect(await foundBy(first)).toEqual([...ids].sort())
      } finally {
        await first.close()
      }
      for (const shards of [1, 3]) {
        await expect(flowOf('other', shards).start()).rejects.toMatchObject({
          code: 'WORKSPACE_CONFLICT',
          message: expect.stringMatching(new RegExp(`\\b2 shards?\\b.*\\b${shards}\\b`, 's')) as string,
        })
      }
      await using again = await flowOf('again', 2).start()
      expect(await foundBy(again)).toEqual([...ids].sort())
    })
  },
)
