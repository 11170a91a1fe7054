import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { type ClientOptions, WebSocket } from 'ws'
import { DataRequest } from '../../../wire/data-request.js'

export interface SocketOptions {
  readonly path?: string
  readonly subprotocols?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly options?: ClientOptions
}

/** How a socket was closed. */
export interface Closing {
  readonly code: number
  readonly reason: string
}

/** A WebSocket client of `ws` that keeps what it receives. */
export class TestSocket {
  readonly websocket: WebSocket
  readonly closed: Promise<Closing>
  readonly #messages: (string | Buffer)[] = []
  #wake: () => void = () => {}
  #isClosed = false

  constructor(websocket: WebSocket) {
    this.websocket = websocket
    websocket.on('message', (bytes: Buffer, isBinary: boolean) => {
      this.#messages.push(isBinary ? bytes : bytes.toString())
      this.#wake()
    })
    this.closed = new Promise((resolve) => {
      websocket.on('close', (code: number, reason: Buffer) => {
        this.#isClosed = true
        resolve({ code, reason: reason.toString() })
        this.#wake()
      })
    })
  }

  /** Opens a socket. Rejects with the body of a refusal, and its status. */
  static async open(port: number, options: SocketOptions = {}): Promise<TestSocket> {
    const { path = '/', subprotocols = [], headers = {} } = options
    const more = options.options ?? {}
    const websocket = new WebSocket(`ws://127.0.0.1:${port}${path}`, [...subprotocols], { headers, ...more })
    const socket = new TestSocket(websocket)
    websocket.on('error', () => {})
    await new Promise<void>((resolve, reject) => {
      websocket.once('open', resolve)
      websocket.once('error', reject)
      websocket.once('unexpected-response', (_request, response: IncomingMessage) => {
        void refusalOf(response).then(reject, reject)
      })
    })
    return socket
  }

  send(message: string | Uint8Array): void {
    this.websocket.send(message)
  }

  sendJson(value: unknown): void {
    this.send(JSON.stringify(value))
  }

  /** The next message. Rejects when the socket is closed instead. */
  async next(): Promise<string | Buffer> {
    while (this.#messages.length === 0) {
      if (this.#isClosed) throw new Error(`closed: ${JSON.stringify(await this.closed)}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#messages.shift()!
  }

  async nextJson(): Promise<Record<string, any>> {
    return JSON.parse(String(await this.next())) as Record<string, any>
  }

  async nextData(): Promise<DataRequest> {
    return DataRequest.decode((await this.next()) as Buffer)
  }

  terminate(): void {
    this.websocket.terminate()
  }
}

async function refusalOf(response: IncomingMessage): Promise<Error> {
  let text = ''
  response.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  await once(response, 'close')
  return Object.assign(new Error(text), { status: response.statusCode, headers: response.headers })
}

/** A client whose requests have a socket each. */
export class WebSocketTestClient {
  readonly #port: number
  readonly #open = new Set<TestSocket>()

  constructor(port: number) {
    this.#port = port
  }

  /** Rejects when the request is refused, with the reason. */
  async sendData(data: DataRequest, headers: Readonly<Record<string, string>> = {}): Promise<DataRequest> {
    const socket = await TestSocket.open(this.#port, { subprotocols: ['bytes'], headers })
    this.#open.add(socket)
    socket.send(data.encode())
    const answer = await socket.nextData()
    socket.terminate()
    this.#open.delete(socket)
    if (answer.status?.code === 'ERROR') throw new Error(answer.status.description)
    return answer
  }

  close(): void {
    for (const socket of this.#open) socket.terminate()
  }
}
