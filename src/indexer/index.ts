/** `millrace/indexer`: an Executor for a durable vector index. Requires @lancedb/lancedb and apache-arrow. */
export type { Metric } from './metric.js'
export type { ApproximateIndex, Columns, ColumnType, IndexKind, VectorIndexerOptions } from './options.js'
export { type Ranking, VectorIndexer } from './vector-indexer.js'
