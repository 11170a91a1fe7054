import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Passes connections on to a port of this machine, and counts the bytes in each direction. */
export class CountingRelay {
  readonly #server = createServer((socket) => this.#pass(socket))
  readonly #sockets = new Set<Socket>()
  readonly #to: number
  /** Bytes that the server has sent. */
  received = 0
  /** Bytes that clients have sent. */
  sent = 0

  private constructor(to: number) {
    this.#to = to
  }

  static async start(to: number): Promise<CountingRelay> {
    const relay = new CountingRelay(to)
    relay.#server.listen(0, '127.0.0.1')
    await once(relay.#server, 'listening')
    return relay
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #pass(client: Socket): void {
    const server = connect(this.#to, '127.0.0.1')
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('error', () => socket.destroy())
    }
    server.on('data', (chunk) => (this.received += chunk.length))
    client.on('data', (chunk) => (this.sent += chunk.length))
    client.pipe(server).pipe(client)
  }
}
