import { Flow, type FlowOptions } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'
import { Encoder } from './encoder.js'
import type { Passage } from './passages.js'
import { countTexts } from './trigrams.js'

export interface SearchFlow {
  readonly passages: readonly Passage[]
  /** Folder of the index. */
  readonly workspace: string
  readonly http: NonNullable<FlowOptions['http']>
  /** Default: the system chooses. */
  readonly port?: number
}

/** Starts a Flow that speaks HTTP, and indexes the passages in its two shards. */
export async function startSearch({ passages, workspace, http, port = 0 }: SearchFlow): Promise<Flow> {
  const flow = new Flow({
    workspace,
    quiet: true,
    host: '127.0.0.1',
    protocol: 'http',
    port,
    http,
  })
    .add({
      name: 'encoder',
      uses: Encoder,
      usesWith: { frequencies: countTexts(passages.map(({ text }) => text)) },
    })
    .add({
      name: 'indexer',
      uses: VectorIndexer,
      shards: 2,
      polling: { '/index': 'KEY', '/search': 'ALL', '*': 'ALL' },
    })
  await flow.start()
  try {
    await flow.post(
      '/index',
      passages.map(({ id, page, heading, text }) => ({ id, text, tags: { page, heading } })),
    )
    return flow
  } catch (error) {
    await flow.close()
    throw error
  }
}
