import { inSpanOf } from '../call/own-span.js'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Document, DocumentArray, type DocumentInputs } from '../document/index.js'
import type { HandlerContext } from '../executor/context.js'
import { createLogger } from '../observe/logger.js'
import type { VectorIndexerOptions } from './options.js'
import { VectorIndexer } from './vector-indexer.js'

/** Indexers in a folder of their own, which is removed with them. */
export class Fixture {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'millrace-indexer-'))
  readonly #open: VectorIndexer[] = []

  /** The indexer of a shard; a second one of the same shard is another replica of it. */
  indexer(options: VectorIndexerOptions = {}, shard = 0): VectorIndexer {
    const indexer = new VectorIndexer({ workspace: join(this.folder, String(shard)), ...options })
    this.#open.push(indexer)
    return indexer
  }

  async close(): Promise<void> {
    for (const indexer of this.#open) await indexer.close()
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** The context of a handler. */
export function context(
  parameters: Record<string, unknown> = {},
  signal: AbortSignal = new AbortController().signal,
): HandlerContext {
  return {
    parameters,
    endpoint: '/',
    docsMatrix: null,
    docsMap: {},
    signal,
    deadline: Infinity,
    requestId: '',
    headers: {},
    span: (name, run) => inSpanOf({ headers: {} }, name, run),
    logger: createLogger('test', { level: 'silent' }),
  }
}

export const docs = (inputs: DocumentInputs): DocumentArray => new DocumentArray(inputs)

/** Ids and scores of the matches for one vector. */
export async function find(
  indexer: VectorIndexer,
  vector: readonly number[],
  parameters: Record<string, unknown> = {},
): Promise<[id: string, score: number][]> {
  const query = new Document({ id: 'query', embedding: vector })
  await indexer.search(docs([query]), context(parameters))
  return matchesOf(query, indexer.ranking.by!)
}

export function matchesOf(query: Document, score: string): [id: string, score: number][] {
  return Array.from(query.matches, (match) => [match.id, match.scores[score]!.value])
}

/** The matches of several shards, merged into one list. */
export function merged(lists: readonly [string, number][][], limit: number): [string, number][] {
  return lists
    .flat()
    .sort(([leftId, left], [rightId, right]) => left - right || (leftId < rightId ? -1 : 1))
    .slice(0, limit)
}
