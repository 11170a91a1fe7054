import { Flow } from 'millrace'
import { VectorIndexer } from 'millrace/indexer'
import { Encoder } from './encoder.js'

const file = new URL('../flow.yml', import.meta.url)

/**
 * The Flow of flow.yml, which names its classes.
 *
 * @param settings override those of the file
 */
export function createFlow(settings: { readonly workspace?: string } = {}): Promise<Flow<string>> {
  return Flow.loadConfig(file, { executors: [Encoder, VectorIndexer], usesWith: settings })
}

export const flow: Flow<string> = await createFlow()
