import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { Client, Document, Flow, sumResults } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'
import { afterEach, beforeEach, expect, test } from 'vitest'

let workspace: string
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'millrace-indexer-flow-'))
})
afterEach(() => rmSync(workspace, { recursive: true, maxRetries: 5 }))

test.each(['process', 'thread', 'inline'] as const)(
  'replicas in a Flow, as %s pods, keep their documents over a restart',
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

test('two stages of one Flow never share an index', async () => {
  const stage = { uses: VectorIndexer, runtime: 'thread' } as const
  const both = new Flow({ workspace, quiet: true }).add({ ...stage, name: 'a' }).add({ ...stage, name: 'b' })
  await expect(both.start()).rejects.toThrow(/is the workspace of stage '[ab]'.*usesMetas: \{ name/s)
  await using apart = await new Flow({ workspace, quiet: true })
    .add({ ...stage, name: 'a' })
    .add({ ...stage, name: 'b', usesMetas: { name: 'Second' } })
    .start()
  await apart.post('/index', [{ id: 'x', embedding: [1, 2] }])
  const responses = await apart.post('/count', [], { returnResponses: true })
  expect([sumResults(responses, 'a'), sumResults(responses, 'b')]).toEqual([{ count: 1 }, { count: 1 }])
  expect(() => sumResults(responses)).toThrow(/name one/)
})

test('without a workspace each stage has a folder in the project, which is logged at start', async () => {
  const project = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-project-')))
  try {
    writeFileSync(join(project, 'package.json'), '{}')
    const program = `
      import { Flow } from ${JSON.stringify(import.meta.resolve('millrace'))}
      import { VectorIndexer } from ${JSON.stringify(import.meta.resolve('millrace/indexer'))}
      const flow = await new Flow({ name: 'shop', quiet: true })
        .add({ name: 'index', uses: VectorIndexer })
        .add({ name: 'other', uses: VectorIndexer })
        .start()
      await flow.post('/index', [{ id: 'a', embedding: [1] }])
      await flow.close()`
    writeFileSync(join(project, 'main.mjs'), program)
    const { stderr } = await promisify(execFile)(process.execPath, ['main.mjs'], { cwd: project })
    for (const name of ['index', 'other']) {
      const folder = join(project, '.millrace', 'shop', name)
      expect(
        readdirSync(join(folder, 'VectorIndexer', '0')).some((file) => file.startsWith('CURRENT-')),
      ).toBe(true)
      expect(stderr).toContain(`using ${folder}`)
    }
  } finally {
    rmSync(project, { recursive: true, maxRetries: 5 })
  }
})

test('ids, texts and tags with any Unicode come back unchanged from every endpoint', async () => {
  const stage = {
    name: 'index',
    uses: VectorIndexer,
    usesWith: { columns: { tag: 'string' } },
    shards: 2,
  } as const
  const polling = { '/index': 'KEY', '/delete': 'KEY', '/get': 'KEY', '*': 'ALL' } as const
  await using flow = await new Flow({ workspace, quiet: true }).add({ ...stage, polling }).start()
  await using remote = new Client({ host: `grpc://127.0.0.1:${flow.port}` })
  const wellFormed = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 })
  const text = fc.oneof(
    wellFormed,
    wellFormed.map((each) => `\ufeff${each}`),
    fc.constantFrom('\ufeff', '\u0000', '\ufffd', '\ufffe', '🦉', "'", '\\'),
  )
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(text, { minLength: 1, maxLength: 5 }), async (texts) => {
      for (const client of [flow, remote]) {
        const given = texts.map((each, at) => ({
          id: each,
          text: each,
          embedding: [1, at],
          tags: { tag: each },
        }))
        const stored = await client.post('/index', given)
        expect(Array.from(stored, ({ id }) => id)).toEqual(texts)
        const found = await client.post(
          '/get',
          given.map(({ id }) => ({ id })),
        )
        expect(Array.from(found, (each) => [each.id, each.text, each.tags.tag])).toEqual(
          texts.map((each) => [each, each, each]),
        )
        const parameters = { filter: { tags__tag: { $in: [texts[0]] } }, limit: 10 }
        const [query] = await client.post('/search', [{ embedding: [1, 0] }], { parameters })
        expect(Array.from(query!.matches, ({ id }) => id)).toEqual([texts[0]])
        const asked = { returnResponses: true, parameters: { ids: [texts[0]] } } as const
        expect(sumResults(await client.post('/delete', [], asked))).toEqual({ deleted: 1 })
        const deleted = await client.post(
          '/delete',
          texts.map((id) => ({ id })),
          { returnResponses: true },
        )
        expect(sumResults(deleted)).toEqual({ deleted: texts.length - 1 })
      }
    }),
    { numRuns: 15 },
  )
  expect(() => new Document({ id: 'a\ud800' })).toThrow(/without lone surrogates/)
  const [replaced] = await remote.post('/index', [{ id: 'a', text: 'b\ud800', embedding: [1, 2] }])
  expect(replaced!.text).toBe('b\ufffd')
}, 60_000)
