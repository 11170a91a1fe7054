import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type Table } from '@lancedb/lancedb'
import { Document, DocumentArray, type HandlerContext } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'
import { inSpanOf } from '../../src/call/own-span.js'
import { createLogger } from '../../src/observe/logger.js'
import { commands, options, say } from './answers.js'

export interface LanceOptions {
  /** File of float32 rows, one after the other. */
  readonly vectors: string
  readonly dim: number
}

/**
 * `index` stores all rows of the file in a new table, `count` a commit. `search` asks for the ten nearest of `count` rows of the
 * table, one after the other.
 */
export interface LanceCommand {
  readonly do: 'index' | 'search'
  readonly by: 'indexer' | 'lance'
  readonly count: number
}

export interface LanceReply {
  readonly cpuS: number
  readonly wallS: number
}

const { vectors: file, dim } = options<LanceOptions>()
const vectors = rowsOf(readFileSync(file))
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
const context: HandlerContext = {
  parameters: {},
  endpoint: '/',
  docsMatrix: null,
  docsMap: {},
  signal: new AbortController().signal,
  deadline: Infinity,
  requestId: '',
  headers: {},
  span: (name, run) => inSpanOf({ headers: {} }, name, run),
  logger: createLogger('bench', { level: 'silent' }),
}
const database = await connect(join(folder, 'lance'))
let indexer: VectorIndexer | undefined
let table: Table | undefined
let tables = 0

say({})
for await (const { do: what, by, count } of commands<LanceCommand>()) {
  const work = what === 'index' ? () => index(by, count) : () => search(by, count)
  const [cpu, begun] = [process.cpuUsage(), performance.now()]
  await work()
  const { user, system } = process.cpuUsage(cpu)
  say({ cpuS: (user + system) / 1e6, wallS: (performance.now() - begun) / 1e3 } satisfies LanceReply)
}
await indexer?.close()
rmSync(folder, { recursive: true, force: true })
say({})
process.exit()

async function index(by: LanceCommand['by'], count: number): Promise<void> {
  tables += 1
  if (by === 'indexer') {
    await indexer?.close()
    // everything is read from disk
    indexer = new VectorIndexer({ workspace: join(folder, `shard-${tables}`), cacheBytes: 0 })
    for (let from = 0; from < vectors.length; from += count)
      await indexer.index(new DocumentArray(rowsFrom(from, count).map((row) => new Document(row))))
    return
  }
  for (let from = 0; from < vectors.length; from += count) {
    const rows = rowsFrom(from, count).map(({ id, text, embedding }) => ({ id, text, vector: embedding }))
    if (from === 0) table = await database.createTable(`table-${tables}`, rows)
    else await table!.add(rows)
  }
}

async function search(by: LanceCommand['by'], count: number): Promise<void> {
  for (let query = 0; query < count; query++) {
    const vector = vectors[(query * 7) % vectors.length]!
    if (by === 'indexer')
      await indexer!.search(new DocumentArray([new Document({ embedding: vector })]), context)
    else await table!.vectorSearch(vector).distanceType('cosine').limit(10).toArray()
  }
}

function rowsFrom(from: number, count: number): { id: string; text: string; embedding: Float32Array }[] {
  return vectors
    .slice(from, from + count)
    .map((embedding, at) => ({ id: `d${from + at}`, text: `document ${from + at}`, embedding }))
}

function rowsOf({ buffer, byteOffset, byteLength }: Buffer): readonly Float32Array[] {
  const all = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength))
  return Array.from({ length: all.length / dim }, (_, row) => all.slice(row * dim, (row + 1) * dim))
}
