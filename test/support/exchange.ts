import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Two addresses behind which two servers are, which can be exchanged as often as one likes. */
export class Exchange {
  /** Ports of 127.0.0.1; the first one is that of the first server until they are exchanged. */
  readonly ports: readonly number[]
  readonly #listeners: readonly Server[]
  readonly #sockets = new Set<Socket>()
  #behind: readonly number[]

  static async open(behind: readonly [number, number]): Promise<Exchange> {
    const listeners = [createServer(), createServer()]
    for (const listener of listeners) await once(listener.listen(0, '127.0.0.1'), 'listening')
    return new Exchange(listeners, behind)
  }

  private constructor(listeners: readonly Server[], behind: readonly [number, number]) {
    this.#listeners = listeners
    this.#behind = behind
    this.ports = listeners.map((listener) => (listener.address() as AddressInfo).port)
    for (const [index, listener] of listeners.entries()) {
      listener.on('connection', (socket) => this.#join(socket, this.#behind[index]!))
    }
  }

  /** Each server has the address of the other one, and all connections are lost: as when both were started anew. */
  exchange(): void {
    this.#behind = this.#behind.toReversed()
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(this.#listeners.map((listener) => new Promise((resolve) => listener.close(resolve))))
  }

  #join(from: Socket, port: number): void {
    const to = connect(port, '127.0.0.1')
    for (const [socket, other] of [
      [from, to],
      [to, from],
    ] as const) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {}) // it closes, too
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  }
}
