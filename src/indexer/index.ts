/** The door `millrace/indexer`: an Executor on a durable vector index. Needs @lancedb/lancedb and apache-arrow. */
export type { Metric } from './metric.js'
export type { ApproximateIndex, Columns, ColumnType, IndexKind, VectorIndexerOptions } from './options.js'
export { type Ranking, VectorIndexer } from './vector-indexer.js'
