import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Document, Flow } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'
import { expect, inject, it } from 'vitest'
import { generateCorpus } from '../../examples/scale-out/corpus/generate.js'
import { countDocuments } from '../../examples/sharded-search/document-frequencies.js'
import { containersOf, docker } from './support/docker.js'

// the built example, as in the image
const build = path.resolve(import.meta.dirname, '../../build')
const posts = [...generateCorpus(300)]
const documents = posts.map((text, position) => new Document({ id: `post-${position}`, text }))
const queries = posts.slice(0, 20).map((text) => text.split(' ').slice(0, 12).join(' '))
const onDocker = () => ({ on: 'docker', image: inject('projectImage'), project: build }) as const

function tutorial(name: string) {
  return new Flow({ name, host: '127.0.0.1', quiet: true }).add({ name: 'fast_executor' }).add({
    name: 'slow_executor',
    uses: `${path.join(build, 'examples/scale-out/my-tokenizer.js')}#MyTokenizer`,
    replicas: 2,
  })
}

it('the tutorial gives the same results on Docker as on this machine, with any number of replicas', async () => {
  const results = async (flow: ReturnType<typeof tutorial>): Promise<object> =>
    (await flow.post('/foo', documents, { resultsInOrder: true })).toJSON()
  const here = await tutorial('tutorial').start()
  const expected = await results(here)
  await here.close()
  const there = await tutorial(`tutorial-${process.pid}`).start(onDocker())
  try {
    expect(await results(there)).toEqual(expected)
    for (const replicas of [3, 1]) {
      await there.scale('slow_executor', { replicas })
      expect(await results(there)).toEqual(expected)
    }
  } finally {
    await there.close({ remove: true })
  }
})

/** The Flow of the sharded-search example. */
function search(options: ConstructorParameters<typeof Flow>[0]): Flow<'encoder' | 'indexer'> {
  return new Flow({ host: '127.0.0.1', quiet: true, ...options })
    .add({
      name: 'encoder',
      uses: `${path.join(build, 'examples/sharded-search/encoder.js')}#Encoder`,
      usesWith: { frequencies: countDocuments(posts) },
    })
    .add({
      name: 'indexer',
      uses: VectorIndexer,
      shards: 2,
      replicas: 2,
      polling: { '/index': 'KEY', '/search': 'ALL', '*': 'ALL' },
    })
}

/** The matches of each query, with scores to the last bit. */
async function found(flow: Pick<Flow, 'post'>): Promise<readonly unknown[]> {
  const docs = await flow.post('/search', queries, { parameters: { limit: 5 }, resultsInOrder: true })
  return [...docs].map(({ matches }) => [...matches].map(({ id, scores }) => [id, scores.cosine!.value]))
}

it('the sharded search finds the same on Docker as on localhost, also after every container was killed', async () => {
  const workspace = await mkdtemp(path.join(os.tmpdir(), 'millrace-sharded-'))
  const here = await search({ workspace }).start()
  await here.post('/index', documents)
  const expected = await found(here)
  await here.close()
  await rm(workspace, { recursive: true })
  const name = `search-${process.pid}`
  const there = await search({ name, workspace: '/workspace' }).start(onDocker())
  try {
    await there.post('/index', documents)
    expect(await found(there)).toEqual(expected)
    const containers = await containersOf(name)
    expect(containers).toHaveLength(6)
    // this program is attached to the Flow, and restarts them
    await docker('kill', ...containers)
    await expect.poll(() => there.isReady()).toBe(true)
    expect(await found(there)).toEqual(expected)
  } finally {
    await there.close({ remove: true })
    const volumes = await docker('volume', 'ls', '--quiet', '--filter', `name=^${name}-`)
    await docker('volume', 'rm', ...volumes.split('\n'))
  }
})
