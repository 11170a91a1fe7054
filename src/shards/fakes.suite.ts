import { HandClock } from '../lib/hand-clock.suite.js'
import type { Handler } from '../call/call.js'
import { Document, DocumentArray } from '../document/index.js'
import { DataRequest } from '../wire/data-request.js'
import type { Ranking } from '../wire/lists/ranking.js'
import { resolvePolling } from './polling.js'
import { merging } from './reduce.js'
import type { Shard } from './shard.js'
import { type FailureRules, sharded, type ShardedOptions } from './sharded.js'
import { Tally } from './tally.js'

export interface FakeShard extends Shard {
  load: number
  /** Ids of the documents of each request received. */
  readonly got: string[][]
  handle: Handler
}

/** Answers with the documents of the request by default. */
export function fakeShard(index: number, answer: Handler = async (request) => request.answer()): FakeShard {
  const got: string[][] = []
  return {
    name: `exec/shard-${index}`,
    load: 0,
    got,
    pressure() {
      return this.load
    },
    handle(request, call) {
      got.push(idsOf(request))
      return answer(request, call)
    },
  }
}

export interface FakeStageOptions
  extends Partial<FailureRules>,
    Partial<Pick<ShardedOptions, 'isWrite' | 'place'>> {
  readonly polling?: unknown
  readonly ranking?: Partial<Ranking>
}

export const wholeRanking = { limit: null, by: null, order: null } as const

/** A stage `exec` with fake shards; a document belongs to the shard whose number follows the letter of its id. */
export function fakeStage(shards: readonly FakeShard[], options: FakeStageOptions = {}) {
  const clock = new HandClock()
  const tally = new Tally()
  const { polling = 'ALL', onShardFailure = 'fail', minShards = 1, softDeadlineMs = null } = options
  const handle = sharded({
    place: (document) => Number(Document.fromProtobuf(document).id.slice(1)) % shards.length,
    isWrite: (endpoint) => endpoint === '/write',
    ...options,
    stage: 'exec',
    shards,
    polling: resolvePolling(polling)!,
    reduce: () => merging(() => ({ ...wholeRanking, ...options.ranking })),
    rules: { onShardFailure, minShards, softDeadlineMs },
    clock,
    tally,
  })
  return { handle, clock, tally }
}

export function requestOf(
  endpoint: string,
  ids: readonly string[],
  parameters: Record<string, unknown> = {},
) {
  const docs = new DocumentArray(ids.map((id) => new Document({ id })))
  return DataRequest.decode(DataRequest.create({ endpoint, docs, parameters }).encode())
}

export function idsOf(request: DataRequest): string[] {
  return [...DataRequest.decode(request.encode()).docs].map(({ id }) => id)
}
