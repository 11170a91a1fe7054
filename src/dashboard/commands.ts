import { integerField, objectField, parseFields, textField } from '../control/body.js'
import { failuresIn, failuresQuestion } from './failures.js'
import { outputQuestion, type Watched } from './watched.js'

/** What the page may ask of its server, besides its files and its events. */
export interface PageCommand {
  readonly method: 'GET' | 'POST'
  /** Resolves with JSON text. `body` is empty for a GET. */
  run(watched: Watched, body: string): Promise<string>
}

/** By the last part of the path. */
export const pageCommands: ReadonlyMap<string, PageCommand> = new Map<string, PageCommand>([
  ['served', { method: 'GET', run: async (watched) => JSON.stringify(await watched.served()) }],
  [
    'scale',
    {
      method: 'POST',
      async run(watched, body) {
        const fields = parseFields(body, ['stage', 'replicas', 'shard'])
        const shard = fields.has('shard') ? { shard: integerField(fields, 'shard') } : {}
        const request = { replicas: integerField(fields, 'replicas'), ...shard }
        return JSON.stringify(await watched.scale(textField(fields, 'stage'), request))
      },
    },
  ],
  [
    'output',
    {
      method: 'POST',
      async run(watched, body) {
        const of = textField(parseFields(body, ['pod']), 'pod')
        return JSON.stringify(await watched.lines({ of, ...outputQuestion }))
      },
    },
  ],
  [
    'failures',
    {
      method: 'POST',
      async run(watched, body) {
        const of = textField(parseFields(body, ['stage']), 'stage')
        return JSON.stringify(failuresIn(await watched.lines({ of, ...failuresQuestion })))
      },
    },
  ],
  [
    'call',
    {
      method: 'POST',
      run(watched, body) {
        const fields = parseFields(body, ['endpoint', 'documents', 'parameters', 'stream'])
        return watched.call({
          endpoint: textField(fields, 'endpoint'),
          documents: fields.get('documents') ?? [],
          parameters: objectField(fields, 'parameters'),
          isStream: fields.get('stream') === true,
        })
      },
    },
  ],
])
