import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface WebSocketLoad {
  readonly port: number
  /** Binary messages, each a DataRequestProto; sent in turns. */
  readonly messages: readonly Buffer[]
  readonly requests: number
  readonly inFlight: number
}

/**
 * Requests per second over one WebSocket with Jina's sub-protocol `bytes`. The client is a plain socket that sends
 * prepared frames and only counts the answers, so the client does not limit the rate.
 *
 * @throws Error when the server closes the socket before all requests are answered
 */
export async function webSocketLoad({ port, messages, requests, inFlight }: WebSocketLoad): Promise<number> {
  const frames = messages.map(frameOf)
  const socket = await open(port)
  const begin = performance.now()
  await new Promise<void>((resolve, reject) => {
    let sent = 0
    let received = 0
    const send = (): void => {
      socket.cork()
      for (; sent < requests && sent - received < inFlight; sent++)
        socket.write(frames[sent % frames.length]!)
      socket.uncork()
    }
    const count = frameCounter()
    socket.on('error', reject).once('close', () => reject(new Error(`closed after ${received} answers`)))
    socket.on('data', (chunk: Buffer) => {
      received += count(chunk)
      if (received === requests) resolve()
      else send()
    })
    send()
  })
  const seconds = (performance.now() - begin) / 1000
  socket.destroy()
  return requests / seconds
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  const headers = ['host: 127.0.0.1', 'connection: upgrade', 'upgrade: websocket']
  const own = ['sec-websocket-version: 13', `sec-websocket-key: ${'A'.repeat(22)}==`]
  const lines = ['GET / HTTP/1.1', ...headers, ...own, 'sec-websocket-protocol: bytes', '', '']
  socket.write(lines.join('\r\n'))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  if (!answer.toString('latin1').startsWith('HTTP/1.1 101 '))
    throw new Error(`handshake: ${answer.toString()}`)
  return socket
}

/** A binary message of a client (RFC 6455, 5.2), with a mask of zeros. */
function frameOf(message: Buffer): Buffer {
  const head = Buffer.alloc(message.length < 126 ? 6 : message.length < 65_536 ? 8 : 14)
  head[0] = 0x82
  head[1] = 0x80 | (message.length < 126 ? message.length : message.length < 65_536 ? 126 : 127)
  if (head.length === 8) head.writeUInt16BE(message.length, 2)
  else if (head.length === 14) head.writeBigUInt64BE(BigInt(message.length), 2)
  return Buffer.concat([head, message])
}

/** Counts the messages that end in each chunk; throws when the server closes. */
function frameCounter(): (chunk: Buffer) => number {
  let rest: Buffer = Buffer.alloc(0)
  /** Bytes of the current message that are still to come. */
  let missing = 0
  return (chunk) => {
    let ended = 0
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (bytes.length > 0) {
      if (missing === 0) {
        const short = bytes.length < 2 ? 0 : bytes[1]! & 0x7f
        const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10
        if (bytes.length < headBytes) break
        const opcode = bytes[0]! & 0x0f
        if (opcode === 8) throw new Error(`the server closes: ${bytes.subarray(2).toString()}`)
        missing =
          short < 126 ? short : headBytes === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
        bytes = bytes.subarray(headBytes)
      }
      const taken = Math.min(missing, bytes.length)
      missing -= taken
      bytes = bytes.subarray(taken)
      if (missing === 0) ended++
    }
    rest = bytes
    return ended
  }
}
