import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { Document, Flow, type PodStatus, type Response, type ShardStatus } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'
import type { Posts } from './command.js'
import { countDocuments } from './document-frequencies.js'
import { Encoder } from './encoder.js'
import { folderSize } from './folder-size.js'
import { countFound, idOf, passagesOf } from './passages.js'
import { searchWhile, type Stretch } from './search-while.js'

type Running = Flow<'encoder' | 'indexer'>

/** Indexes posts in two shards, searches, lists the workspace, and kills a shard without and with a second replica. */
export async function tutorial({ posts, workspace, say }: Posts): Promise<void> {
  const flow = new Flow({ workspace, quiet: true, env: { MILLRACE_LOG_LEVEL: 'silent' } })
    .add({
      name: 'encoder',
      uses: Encoder,
      usesWith: { frequencies: countDocuments(posts) }, // so that all replicas use the same weights
      replicas: 2,
    })
    .add({
      name: 'indexer',
      uses: VectorIndexer,
      shards: 2,
      polling: { '/index': 'KEY', '/search': 'ALL', '*': 'ALL' },
      onShardFailure: 'partial', // an answer of one shard is better than none …
      softDeadlineMs: 500, // … or than waiting until a dead shard is replaced
    })
  await using running = await flow.start()

  await index(running, posts, say)
  const passages = passagesOf(posts)
  await search(running, passages, say)
  await lookInto(workspace, say)
  await kill(running, passages, say)

  const { from, to, seconds } = await running.scale('indexer', { replicas: 2, shard: 1 })
  say(`\nScale shard 1, of which there is one replica\n  ${from} → ${to} in ${seconds.toFixed(1)} s`)
  await kill(running, passages, say)
  for (const { name, asked, failed } of await shardsOf(running)) {
    say(`  ${name}: asked ${asked} times, ${failed} answers missing`)
  }
}

async function index(flow: Running, posts: readonly string[], say: Posts['say']): Promise<void> {
  function* documents(): Generator<Document> {
    for (const [position, text] of posts.entries()) yield new Document({ id: idOf(position), text })
  }
  const start = performance.now()
  await flow.post('/index', documents)
  say(`\nIndex ${posts.length} posts in ${((performance.now() - start) / 1000).toFixed(1)} s`)
  const [response] = await flow.post('/count', undefined, { returnResponses: true })
  const counts = response!.parameters.__results__ as Record<string, { readonly count: number }>
  for (const [pod, { count }] of Object.entries(counts)) say(`  ${pod} has ${count}`)
}

async function search(flow: Running, passages: readonly Document[], say: Posts['say']): Promise<void> {
  let response: Response
  do {
    // a shard's first answer takes longer, because it loads its posts, so it may be missing
    response = (
      await flow.post('/search', passages, {
        returnResponses: true,
        parameters: { limit: 3 },
      })
    )[0]!
  } while (response.shards!.ok < response.shards!.total)
  const { docs, shards } = response
  say(`\nSearch ${passages.length} passages, limit 3: ${shards!.ok} of ${shards!.total} shards answered`)
  say(`  ${countFound(docs)} found the post that they are from; the first one is from ${idOf(0)}:`)
  for (const { id, scores } of docs.at(0)!.matches) say(`  ${scores.cosine!.value.toFixed(3)}  ${id}`)
}

async function lookInto(workspace: string, say: Posts['say']): Promise<void> {
  say(`\nLook into the workspace, ${workspace}`)
  const name = VectorIndexer.name
  const folder = path.join(workspace, name)
  for (const entry of (await readdir(folder, { withFileTypes: true })).toSorted(byName)) {
    const entryPath = path.join(folder, entry.name)
    const content = entry.isDirectory()
      ? `${((await folderSize(entryPath)) / 1e6).toFixed(1)} MB`
      : (await readFile(entryPath, 'utf8')).trim().replaceAll(/\s+/g, ' ')
    say(`  ${path.join(name, entry.name)}  ${content}`)
  }
}

/** Kills one process of shard 1, and searches until it has been replaced. */
async function kill(flow: Running, passages: readonly Document[], say: Posts['say']): Promise<void> {
  const [victim] = await podsOf(flow, 'indexer/shard-1')
  let isKilled = false
  const stretches = await searchWhile(flow, passages, async ({ ok, total, searches }) => {
    if (ok < total) return false
    const pods = await podsOf(flow, 'indexer/shard-1')
    if (isKilled) {
      const { state, restarts } = pods.find(({ name }) => name === victim!.name)!
      return state === 'ready' && restarts > victim!.restarts
    }
    // wait until all its replicas have loaded their posts
    const isWarm = searches >= 5 && pods.every(({ latencyMs }) => latencyMs !== null)
    if (isWarm) isKilled = process.kill(victim!.pid!, 'SIGKILL')
    return false
  })
  say(`\nKill ${victim!.name}, process ${victim!.pid}, while searching`)
  for (const stretch of stretches) say(`  ${lineOf(stretch, passages.length)}`)
}

function lineOf({ since, ok, total, searches, found, failure }: Stretch, queries: number): string {
  const line = `${since.toFixed(2).padStart(5)} s  ${ok} of ${total} shards  ${searches} searches, ${found} of ${queries} found`
  return failure === undefined ? line : `${line}  (${failure})`
}

/** Of a shard. */
async function podsOf(flow: Running, shard: string): Promise<readonly PodStatus[]> {
  const { stages } = await flow.status()
  return stages.flatMap(({ pods }) => pods).filter(({ name }) => name.startsWith(`${shard}/`))
}

async function shardsOf(flow: Running): Promise<readonly ShardStatus[]> {
  const { stages } = await flow.status()
  return stages.find(({ name }) => name === 'indexer')!.shards
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1
}
