import { once } from 'node:events'
import { connect } from 'node:net'
import { WebSocket } from 'ws'
import { textDocuments } from '../measure/json-body.js'
import { requests } from '../measure/request-file.js'
import { commands, options, say } from './answers.js'

/** Opens connections that make one request each and then none, until it is closed. */
export interface IdleOptions {
  readonly port: number
  readonly kind: 'websocket' | 'keep-alive'
  readonly connections: number
}

/** Opened at once. */
const atOnce = 50

const { port, kind, connections } = options<IdleOptions>()
const [message] = requests(1, 1, 100) as [Buffer]
const body = JSON.stringify({ data: textDocuments(1, 100), execEndpoint: '/' })
const head = [
  'POST /post HTTP/1.1',
  'host: 127.0.0.1',
  'content-type: application/json',
  `content-length: ${Buffer.byteLength(body)}`,
]
const post = [...head, '', body].join('\r\n')

let lost = 0
let left = connections
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (; left > 0; ) {
      left--
      await (kind === 'websocket' ? openWebSocket() : openKeepAlive())
    }
  }),
)
say({ connections })
for await (const _ of commands()) say({ lost })
say({})
process.exit()

/** Answers the server's pings. */
async function openWebSocket(): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, 'bytes', { perMessageDeflate: false })
  await once(socket, 'open')
  socket.on('close', () => lost++)
  socket.send(message)
  await once(socket, 'message')
}

async function openKeepAlive(): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.on('close', () => lost++)
  socket.write(post)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  if (!answer.toString('latin1').startsWith('HTTP/1.1 200 ')) throw new Error(`answer: ${answer.toString()}`)
  socket.resume()
}
