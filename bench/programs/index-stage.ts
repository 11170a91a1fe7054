import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Client, Document, Flow } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'

import { commands, options, say } from './answers.js'
import { Burning, WaitingEach } from './executors.js'

export interface IndexStageOptions {
  readonly executor: keyof typeof executors
  readonly shards: number
  /** Files of float32 rows, one after the other. */
  readonly vectors: string
  readonly queries: string
  readonly dim: number
}

/** Sends documents `from` to `to`, each with its row of the file. */
export interface IndexCommand {
  readonly do: 'index'
  readonly from: number
  readonly to: number
  readonly docsPerRequest: number
}

export interface IndexReply {
  readonly wallS: number
  readonly docs: number
}

/** Sends the queries of the file, starting over at its end. */
export interface SearchCommand {
  readonly do: 'search'
  readonly queries: number
  readonly docsPerRequest: number
  readonly limit: number
  readonly includeEmbeddings?: boolean
}

export interface SearchReply {
  readonly wallS: number
  readonly matches: number
}

/** Returns the ids found for the first queries of the file. */
export interface FindCommand {
  readonly do: 'find'
  readonly queries: number
  readonly limit: number
}

export interface FindReply {
  readonly ids: readonly (readonly string[])[]
}

const executors = { 'vector-indexer': VectorIndexer, burning: Burning, waiting: WaitingEach } as const

const wanted = options<IndexStageOptions>()
const { dim } = wanted
const vectors = rowsOf(wanted.vectors)
const queries = rowsOf(wanted.queries)
const workspace = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
const uses = executors[wanted.executor]
const flow = new Flow({ host: '127.0.0.1' }).add({
  ...{ name: 'index', uses, shards: wanted.shards, runtime: 'process', workspace, polling: 'KEY' },
})
await flow.start()
say({ port: flow.port })
const client = new Client({ host: `grpc://127.0.0.1:${flow.port}` })
for await (const command of commands<IndexCommand | SearchCommand | FindCommand>()) {
  say(await answer(command))
}
await client.close()
await flow.close()
rmSync(workspace, { recursive: true, force: true })
say({})

function answer(command: IndexCommand | SearchCommand | FindCommand): Promise<object> {
  switch (command.do) {
    case 'index':
      return index(command)
    case 'search':
      return search(command)
    case 'find':
      return find(command)
  }
}

async function index({ from, to, docsPerRequest }: IndexCommand): Promise<IndexReply> {
  const inputs = function* (): Generator<Document> {
    for (let row = from; row < to; row++) {
      yield new Document({ id: `d${row}`, text: `document ${row}`, embedding: vectors[row]! })
    }
  }
  const begun = performance.now()
  const docs = await client.post('/index', inputs, { requestSize: docsPerRequest })
  return { wallS: (performance.now() - begun) / 1000, docs: docs.length }
}

async function search(command: SearchCommand): Promise<SearchReply> {
  const { docsPerRequest, limit, includeEmbeddings = false } = command
  const begun = performance.now()
  const docs = await client.post('/search', questions(command.queries), {
    requestSize: docsPerRequest,
    parameters: { limit, includeEmbeddings },
  })
  const wallS = (performance.now() - begun) / 1000
  return { wallS, matches: Array.from(docs).reduce((sum, { matches }) => sum + matches.length, 0) }
}

async function find(command: FindCommand): Promise<FindReply> {
  const docs = await client.post('/search', questions(command.queries), {
    ...{ requestSize: command.queries, parameters: { limit: command.limit } },
  })
  return { ids: Array.from(docs, ({ matches }) => Array.from(matches, ({ id }) => id)) }
}

function* questions(count: number): Generator<Document> {
  for (let query = 0; query < count; query++) {
    yield new Document({ id: `q${query}`, embedding: queries[query % queries.length]! })
  }
}

function rowsOf(file: string): readonly Float32Array[] {
  const { buffer, byteOffset, byteLength } = readFileSync(file)
  const all = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength))
  return Array.from({ length: all.length / dim }, (_, row) => all.slice(row * dim, (row + 1) * dim))
}
