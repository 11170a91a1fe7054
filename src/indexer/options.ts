import { resolve } from 'node:path'
import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import type { EmbeddingRules } from './embedding.js'
import { type Metric, metrics } from './metric.js'
import { show } from '../lib/show.js'

/** Types of a column: an integer (up to 2^53), a finite number, a string, a boolean. */
export type ColumnType = 'int' | 'float' | 'string' | 'bool'

/** Maps the name of a tag, with `__` for nested objects, to the type of its values. */
export type Columns = Readonly<Record<string, ColumnType>>

export const indexKinds = ['ivf_flat', 'ivf_pq', 'ivf_hnsw_sq', 'ivf_hnsw_pq'] as const
/** Kinds of LanceDB's approximate indexes. */
export type IndexKind = (typeof indexKinds)[number]

/** Options of the approximate index. */
export interface ApproximateIndex {
  readonly kind: IndexKind
  /** Rows of a shard from which on the index is built and used; fewer rows are searched exactly. */
  readonly after: number
  /** Candidates for each requested match, which are then scored exactly. Default 10. */
  readonly refine?: number
}

const zeroVectorRules = ['refuse', 'last'] as const
export type ZeroVectors = (typeof zeroVectorRules)[number]

/** `usesWith` of a VectorIndexer. */
export interface VectorIndexerOptions {
  /** Length of the embeddings. Default: that of the first Document; kept with the table. */
  readonly dim?: number
  /** How far apart two embeddings are. Default `cosine`. */
  readonly metric?: Metric
  /** Matches for each query where the request does not say. Default 10. */
  readonly limit?: number
  /** Tags that become columns, so that filters on them do not read Documents. */
  readonly columns?: Columns
  /** Searches approximately above a number of rows. Default: always exactly. */
  readonly index?: ApproximateIndex
  /** Memory for the shard's rows; a larger shard is read from disk for each search. Default 256 MiB, at most 2.5 GiB. */
  readonly cacheBytes?: number
  /** Allowed staleness of a search, in milliseconds. Default 0: it sees everything acknowledged before it began. */
  readonly staleMs?: number
  /** Number of small files at which they are compacted. Default 32. */
  readonly compactAfter?: number
  /** How long replaced versions are kept for replicas that still read them. Default 60 000 ms. */
  readonly keepVersionsMs?: number
  /** Flushes each commit to the disk, so that it survives a power cut. Default false. */
  readonly fsync?: boolean
  /**
   * Zero vectors under `cosine`: `refuse` (default) refuses to index or search with one, `last` ranks them last, at distance 2.
   */
  readonly zeroVectors?: ZeroVectors
  /** Folder of the snapshots. Default: none, and `/snapshot` and `/restore` are refused. */
  readonly snapshots?: string
  /** Passed on to `Executor`. */
  readonly workspace?: string
}

export interface ResolvedOptions {
  readonly dim: number | undefined
  readonly metric: Metric
  readonly limit: number
  readonly columns: Columns
  readonly index: Required<ApproximateIndex> | undefined
  readonly cacheBytes: number
  readonly staleMs: number
  readonly compactAfter: number
  readonly keepVersionsMs: number
  readonly fsync: boolean
  readonly embeddings: EmbeddingRules
  /** Absolute. */
  readonly snapshots: string | undefined
}

const known: readonly (keyof VectorIndexerOptions)[] = [
  'dim',
  'metric',
  'limit',
  'columns',
  'index',
  'cacheBytes',
  'staleMs',
  'compactAfter',
  'keepVersionsMs',
  'fsync',
  'zeroVectors',
  'snapshots',
  'workspace',
]

/** Throws UNKNOWN_OPTION for an option that does not exist and INVALID_OPTION for an unusable value. */
export function resolveOptions(given: VectorIndexerOptions): ResolvedOptions {
  requireKnown(given, known, '')
  const {
    dim,
    metric = 'cosine',
    limit = 10,
    columns = {},
    index,
    fsync = false,
    zeroVectors = 'refuse',
  } = given
  if (dim !== undefined) requireWhole('dim', dim, 1)
  if (!(metrics as readonly string[]).includes(metric)) throw invalid('metric', metrics.join(', '), metric)
  if (typeof fsync !== 'boolean') throw invalid('fsync', 'true or false', fsync)
  if (!zeroVectorRules.includes(zeroVectors)) {
    throw invalid('zeroVectors', zeroVectorRules.join(' or '), zeroVectors)
  }
  const staleMs = requireWhole('staleMs', given.staleMs ?? 0, 0)
  return {
    dim,
    metric,
    limit: requireWhole('limit', limit, 1),
    columns: resolveColumns(columns),
    index: index === undefined || index === null ? undefined : resolveIndex(index),
    cacheBytes: requireCacheBytes(given.cacheBytes ?? 256 * 2 ** 20),
    staleMs,
    compactAfter: requireWhole('compactAfter', given.compactAfter ?? 32, 2),
    keepVersionsMs: Math.max(requireWhole('keepVersionsMs', given.keepVersionsMs ?? 60_000, 0), 2 * staleMs),
    fsync,
    embeddings: {
      refusesZero: metric === 'cosine' && zeroVectors === 'refuse',
      refusesLong: metric !== 'cosine',
    },
    snapshots: resolveSnapshots(given.snapshots),
  }
}

function resolveSnapshots(folder: unknown): string | undefined {
  if (folder === undefined || folder === null) return undefined
  if (typeof folder === 'string' && folder !== '' && !folder.includes('\0')) return resolve(folder)
  throw invalid('snapshots', 'the path of a folder', folder)
}

const types: readonly string[] = ['int', 'float', 'string', 'bool'] satisfies ColumnType[]

function resolveColumns(columns: unknown): Columns {
  if (typeof columns !== 'object' || columns === null || Array.isArray(columns)) {
    throw invalid('columns', "an object such as { year: 'int' }", columns)
  }
  for (const [name, type] of Object.entries(columns)) {
    // names appear in SQL between backticks
    if (!/^\w+$/u.test(name)) throw invalid('columns', 'names of letters, digits and _', name)
    if (!types.includes(type as string)) throw invalid(`columns.${name}`, types.join(', '), type)
  }
  // in one canonical order
  return Object.fromEntries(Object.entries(columns as Columns).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function resolveIndex(index: ApproximateIndex): Required<ApproximateIndex> {
  if (typeof index !== 'object') throw invalid('index', '{ kind, after }', index)
  requireKnown(index, ['kind', 'after', 'refine'], 'index.')
  const { kind, after, refine = 10 } = index
  if (!indexKinds.includes(kind)) throw invalid('index.kind', indexKinds.join(', '), kind)
  // LanceDB needs at least 256 rows to train its quantizers
  requireWhole('index.after', after, 256)
  requireWhole('index.refine', refine, 1)
  return { kind, after, refine }
}

function requireKnown(given: object, names: readonly string[], prefix: string): void {
  for (const key of Object.keys(given)) {
    if (names.includes(key)) continue
    const near = nearest(key, names)
    const hint = near === undefined ? `known are ${names.join(', ')}` : `did you mean '${near}'?`
    throw new MillraceError('UNKNOWN_OPTION', `VectorIndexer: there is no option '${prefix}${key}'; ${hint}`)
  }
}

function requireWhole(name: string, value: unknown, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number
  throw invalid(name, `a whole number from ${least}`, value)
}

/** Vectors use one WebAssembly memory; codes, half the size, another. Each is limited to 4 GiB and grows by halves. */
const mostCacheBytes = 2.5 * 2 ** 30

function requireCacheBytes(value: unknown): number {
  if (requireWhole('cacheBytes', value, 0) <= mostCacheBytes) return value as number
  throw invalid('cacheBytes', `at most ${mostCacheBytes}`, value)
}

function invalid(name: string, expected: string, value: unknown): MillraceError {
  return new MillraceError(
    'INVALID_OPTION',
    `VectorIndexer: ${name} must be ${expected}, not ${show(value)}.`,
  )
}
