import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Proxies for two servers on two addresses, which can be swapped any number of times. */
export class Exchange {
  /** Ports on 127.0.0.1; the first one leads to the first server until they are swapped. */
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

  /** Swaps the addresses and closes all connections, as if both servers had restarted. */
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
      socket.on('error', () => {}) // a close follows
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  }
}
