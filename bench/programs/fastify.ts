import { fastify } from 'fastify'
import type { AddressInfo } from 'node:net'

import { commands, say } from './answers.js'

// The upper bound for anything on Fastify: parses the body and answers with the same documents in the envelope of Jina's answers,
// with every key that those have.
interface Body {
  readonly data: readonly object[]
  readonly execEndpoint: string
}

const emptyDocument = {
  ...{ id: null, parent_id: null, granularity: null, adjacency: null, blob: null, tensor: null },
  ...{ mime_type: null, text: null, weight: null, uri: null, tags: null, offset: null, location: null },
  ...{ embedding: null, modality: null, evaluations: null, scores: null, chunks: null, matches: null },
}
const status = { code: 0, description: '', exception: null }

const app = fastify({ bodyLimit: 64 << 20 })
app.post('/post', ({ body }) => {
  const { data, execEndpoint } = body as Body
  const startTime = new Date().toISOString()
  return {
    header: { requestId: '0'.repeat(32), status, execEndpoint, targetExecutor: null, timeout: null },
    parameters: {},
    routes: [
      { executor: 'gateway', startTime, endTime: startTime, status },
      { executor: 'stage0', startTime, endTime: startTime, status },
    ],
    data: data.map((document) => ({ ...emptyDocument, ...document })),
  }
})

await app.listen({ host: '127.0.0.1', port: 0 })
say({ port: (app.server.address() as AddressInfo).port })
for await (const command of commands()) say(command)
say({})
process.exit()
