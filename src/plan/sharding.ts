import { MillraceError } from '../errors.js'
import { type Polling, type PollingTable, pollingOf, resolvePolling } from '../shards/polling.js'
import { type ReduceFunction } from '../shards/reduce.js'
import { compileKey } from '../wire/lists/key.js'
import type { Ranking } from '../wire/lists/ranking.js'
import { type Option, type OptionTable, parseOptions } from './option.js'
import { anything, integer, oneOf, optional, text } from './option-kinds.js'
import { parseModule, requireFile } from './uses.js'
import type { Uses } from './executor-settings.js'

/** Resolved sharding options of a stage. */
export interface Sharding {
  /** Number of shards, each with its own `replicas`. Default 1. */
  readonly shards: number
  /**
   * Which shard this stage is, counted from 0, when the other shards run elsewhere (in a container that runs one shard).
   * Default null: all shards run here.
   */
  readonly shardId: number | null
  /** Which shards a request goes to, by endpoint. Default `ANY`, and `ALL` for `/search` (jina.md 3.3). */
  readonly polling: PollingTable
  /**
   * The field whose value assigns a document to a shard under `KEY`: `id`, `parentId`, `uri`, `text`, `mimeType`,
   * `modality`, or a path into the tags such as `tags.tenant`. Default `id`.
   */
  readonly key: string
  /** How the answers of several shards are merged. Default true. */
  readonly reduce: ReduceOption
  /** What happens to a read when a shard fails: an error, or an answer without that shard. Default `fail`. */
  readonly onShardFailure: 'fail' | 'partial'
  /** With `partial`: fewest shards that must answer. Default 1. */
  readonly minShards: number
  /** With `partial`: milliseconds after which `minShards` answers are enough. Default null: wait for all. */
  readonly softDeadlineMs: number | null
  /**
   * Executor in front of the shards, whose answer is the shards' request, or in front of a join, which gets the answers of its
   * branches. Ignored elsewhere. Default null.
   */
  readonly usesBefore: Uses | null
  /**
   * Executor behind the shards, instead of `reduce`: its `docsMatrix` has each shard's answer. Or behind a join. Ignored elsewhere.
   * Default null.
   */
  readonly usesAfter: Uses | null
  /**
   * For an external stage: name of the next stage, which acts as its `usesAfter` and gets the answers of the shards unmerged,
   * for the endpoints that it serves. Default null: none.
   */
  readonly gatheredBy: string | null
  /**
   * Name of the Flow that the pods of this stage belong to, when they run separately from the gateway in front of them. For
   * an external stage: servers of another Flow, another stage or another shard get no requests. For a stage that runs
   * alone, as in a container: the Flow whose requests it takes. Default null: Flow and stage are not compared, only shards
   * are.
   */
  readonly flow: string | null
}

/**
 * True merges documents by id and matches by score; an object sets the number of matches, the score and the order; false
 * concatenates the answers; 'changes', for a join, keeps what each branch changed; a function, or the path or URL of a module that exports one (`'./merge.js#best'`), merges them
 * itself.
 */
export type ReduceOption = boolean | Partial<Ranking> | ReduceFunction | string | URL

export type ShardingOptions = Partial<Omit<Sharding, 'polling'>> & {
  readonly polling?: Polling | Readonly<Record<string, Polling>>
}

/** Resolved `reduce` option. */
export type ReducePlan =
  | { readonly kind: 'merge'; readonly ranking: Ranking }
  | { readonly kind: 'concatenate' }
  | { readonly kind: 'changes' }
  | { readonly kind: 'module'; readonly url: string; readonly name: string | null }
  | { readonly kind: 'program'; readonly run: ReduceFunction }

const polling: Option<PollingTable> = {
  expected:
    "'ANY', 'ALL' or 'KEY', or an object of those by endpoint, such as { '/index': 'KEY', '*': 'ANY' }",
  preset: resolvePolling('ANY')!,
  parse: resolvePolling,
}

const key: Option<string> = {
  expected:
    "'id', 'parentId', 'uri', 'text', 'mimeType', 'modality', or a path into the tags such as 'tags.tenant'",
  preset: 'id',
  parse: (value) => (typeof value === 'string' && isKey(value) ? value : undefined),
}

export const shardingOptions: OptionTable<Sharding> = {
  shards: integer(1, 1, 1024),
  shardId: integer(null, 0, 1023),
  polling,
  key,
  reduce: anything<ReduceOption>(true),
  onShardFailure: oneOf(['fail', 'partial'], 'fail'),
  minShards: integer(1, 1, 1024),
  softDeadlineMs: integer(null, 1),
  usesBefore: anything<Uses | null>(null),
  usesAfter: anything<Uses | null>(null),
  gatheredBy: text(null),
  flow: text(null),
}

const ranking: OptionTable<Ranking> = {
  limit: integer(null, 0),
  by: text(null),
  order: optional(oneOf(['ascending', 'descending'], 'ascending')),
}

/** Whether a `reduce` in a file is the name of a module, and no word. */
export function isReduceModule(given: unknown): given is string {
  return typeof given === 'string' && given !== 'changes'
}

/** @throws INVALID_OPTION, MODULE_NOT_FOUND */
export function resolveReduce(given: ReduceOption, stage: string): ReducePlan {
  if (given === false) return { kind: 'concatenate' }
  if (given === 'changes') return { kind: 'changes' }
  if (typeof given === 'function') return { kind: 'program', run: given }
  if (typeof given === 'string' || given instanceof URL) {
    const { url, className: name } = parseModule(given, stage)
    requireFile(url, stage)
    return { kind: 'module', url: url.href, name }
  }
  const parsed = parseOptions(ranking, given === true ? {} : given)
  if (parsed !== undefined) return { kind: 'merge', ranking: parsed }
  throw invalid(
    stage,
    "reduce must be true or false, 'changes', { limit, by, order: 'ascending' or 'descending' }, a function, or the path or URL of a module that exports one ('./merge.js#best').",
  )
}

/** Checks options that depend on each other. @throws INVALID_OPTION */
export function checkSharding(sharding: Sharding, given: object, stage: string): void {
  const { shards, shardId, onShardFailure, minShards, softDeadlineMs } = sharding
  if (shardId !== null && shardId >= shards) {
    throw invalid(stage, `shardId is ${shardId}, and there are ${shards} shards, counted from 0.`)
  }
  if (minShards > shards) {
    throw invalid(
      stage,
      `minShards is ${minShards}, and there are ${shards} shards. Ask for no more than there are.`,
    )
  }
  if (onShardFailure === 'fail' && (minShards > 1 || softDeadlineMs !== null)) {
    throw invalid(
      stage,
      "minShards and softDeadlineMs are for answers without some of the shards: say onShardFailure: 'partial' too, or leave them out.",
    )
  }
  checkKeyed(sharding.polling, given, stage)
}

/** Refuses `KEY` for reads when `/index` does not use it: documents would be on other shards. */
function checkKeyed(table: PollingTable, given: object, stage: string): void {
  const keyed = Object.keys(table).find((endpoint) => table[endpoint] === 'KEY')
  const written = (given as ShardingOptions).polling
  const isSaid = typeof written === 'object' && Object.hasOwn(written, '/index')
  if (keyed === undefined || pollingOf(table, '/index') === 'KEY' || isSaid) return
  throw invalid(
    stage,
    `polling sends '${keyed}' by KEY but '/index' to ANY shard, so that documents would be looked for where they are not. Say '/index': 'KEY' too (or '/index': 'ANY', if that is meant).`,
  )
}

function isKey(path: string): boolean {
  try {
    compileKey(path)
    return true
  } catch {
    return false
  }
}

function invalid(stage: string, what: string): MillraceError {
  return new MillraceError('INVALID_OPTION', `stage '${stage}': ${what}`)
}
