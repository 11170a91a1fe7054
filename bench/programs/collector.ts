import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { commands, say } from './answers.js'

export interface CollectorReady {
  readonly url: string
}

export interface CollectorReply {
  /** Bytes of spans so far, as they came. */
  readonly bytes: number
}

// A collector for OTLP over HTTP that takes everything and looks at nothing.
let bytes = 0
const server = createServer((request, response) => {
  request.on('data', (chunk: Buffer) => (bytes += chunk.length))
  request.on('end', () => response.end())
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo
say({ url: `http://127.0.0.1:${port}/v1/traces` } satisfies CollectorReady)
for await (const _ of commands()) say({ bytes } satisfies CollectorReply)
server.close()
server.closeAllConnections()
say({})
