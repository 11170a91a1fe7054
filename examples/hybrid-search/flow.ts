import { Flow } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'
import type { DocumentFrequencies } from '../sharded-search/document-frequencies.js'
import { Encoder } from '../sharded-search/encoder.js'
import { Fusion } from './fusion.js'
import { TermEncoder } from './term-encoder.js'
import { TermIndexer } from './term-indexer.js'

export type HybridSearch = Flow<'terms' | 'term_index' | 'vectors' | 'vector_index' | 'fusion'>

export interface HybridSearchOptions {
  /** Folder of the vector index. */
  readonly workspace: string
  readonly frequencies: DocumentFrequencies
}

/** Two searches at once, by words and by vectors, whose matches become one list. */
export function hybridSearch({ workspace, frequencies }: HybridSearchOptions): HybridSearch {
  return new Flow({ workspace, quiet: true, env: { MILLRACE_LOG_LEVEL: 'silent' } })
    .add({ name: 'terms', uses: TermEncoder })
    .add({ name: 'term_index', uses: TermIndexer })
    .add({
      name: 'vectors',
      uses: Encoder,
      usesWith: { frequencies },
      needs: 'gateway',
      when: { tags__exact: { $neq: true } }, // a query for exact words goes to the other branch only
    })
    .add({ name: 'vector_index', uses: VectorIndexer })
    .add({
      name: 'fusion',
      uses: Fusion,
      needs: ['term_index', 'vector_index'],
      reduce: 'changes', // a match that both found has both scores
    })
}
