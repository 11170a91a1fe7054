import path from 'node:path'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import { Client, Document, type DocumentArray, Flow, type StageOptions } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateCorpus } from '../../examples/scale-out/corpus/generate.js'
import { countDocuments } from '../../examples/sharded-search/document-frequencies.js'
import { apply } from './support/apply.js'
import { forward } from './support/forward.js'
import { Namespace } from './support/namespace.js'

const build = path.resolve(import.meta.dirname, '../../build')
const posts = [...generateCorpus(400)]
const documents = posts.map((text, position) => new Document({ id: `post-${position}`, text }))
const queries = posts.slice(0, 20).map((text) => text.split(' ').slice(0, 12).join(' '))

/** The Flow of the sharded-search example. */
function flowOf(options: ConstructorParameters<typeof Flow>[0]): Flow<'encoder' | 'indexer'> {
  const encoder: StageOptions<'encoder'> = {
    name: 'encoder',
    uses: `${path.join(build, 'examples/sharded-search/encoder.js')}#Encoder`,
    usesWith: { frequencies: countDocuments(posts) },
    replicas: 2,
  }
  return new Flow(options).add(encoder).add({
    name: 'indexer',
    uses: VectorIndexer,
    shards: 2,
    polling: { '/index': 'KEY', '/search': 'ALL', '*': 'ALL' },
  })
}

/** The matches of each query, with scores to the last bit. */
async function found(client: Pick<Client, 'post'>): Promise<readonly unknown[]> {
  const docs: DocumentArray = await client.post('/search', queries, { parameters: { limit: 5 } })
  return [...docs].map(({ text, matches }) => [
    text,
    [...matches].map(({ id, scores }) => [id, scores.cosine!.value]),
  ])
}

async function onLocalhost(): Promise<readonly unknown[]> {
  const workspace = await mkdtemp(path.join(os.tmpdir(), 'millrace-sharded-'))
  try {
    await using flow = await flowOf({ workspace, quiet: true }).start()
    await flow.post('/index', documents)
    return await found(flow)
  } finally {
    await rm(workspace, { recursive: true })
  }
}

let namespace: Namespace

beforeAll(async () => {
  namespace = await Namespace.create()
})

afterAll(() => namespace.remove())

describe('the sharded search', () => {
  it('finds the same in a cluster as on localhost, also after all its pods were replaced', async () => {
    const expected = await onLocalhost()
    await apply(namespace, flowOf({ name: 'search', workspace: '/workspace' }), { project: build })
    {
      await using gateway = await forward(namespace)
      await using client = new Client({ host: gateway.host })
      await client.post('/index', documents)
      expect(await found(client)).toEqual(expected)
    }
    expect(await namespace.warnings()).toEqual([])
    await namespace.deletePods(['--all'])
    await namespace.ready()
    await using gateway = await forward(namespace)
    await using client = new Client({ host: gateway.host })
    expect(await found(client)).toEqual(expected)
  }, 400_000)
})
