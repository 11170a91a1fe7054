import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { MillraceError } from '../../../errors.js'
import type { Cluster } from '../api/cluster.js'
import type { Pod } from '../api/live.js'
import { list } from '../api/objects.js'
import { isReady } from '../diagnosis.js'
import { selectorOf } from '../objects-of.js'
import { openTunnel } from './tunnel.js'

/** Attempts to reach a gateway per connection. */
const tries = 5
const retryMs = 400

/** What a local port forwards to: a port of the gateway pods of a Flow. */
interface ForwardTo {
  readonly namespace: string
  readonly flow: string
  readonly port: number
}

/**
 * A local port that forwards to a Flow's gateway through the API, like `kubectl port-forward`.
 *
 * 1. Each connection goes to a gateway pod that is ready at that time, so the port outlives individual pods.
 * 2. `close()` ends every connection.
 */
export class Forward {
  readonly #cluster: Cluster
  readonly #namespace: string
  readonly #flow: string
  readonly #podPort: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #closed = false

  static async open(cluster: Cluster, of: ForwardTo): Promise<Forward> {
    const server = createServer({ pauseOnConnect: true, noDelay: true })
    const forward = new Forward(cluster, of, server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return forward
  }

  private constructor(cluster: Cluster, { namespace, flow, port }: ForwardTo, server: Server) {
    this.#cluster = cluster
    this.#namespace = namespace
    this.#flow = flow
    this.#podPort = port
    this.#server = server
    server.on('connection', (socket) => void this.#serve(socket))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => {}) // 'close' follows
    for (let attempt = 0; attempt < tries && !socket.destroyed; attempt++) {
      if (attempt > 0) await this.#cluster.pace.sleep(retryMs)
      const isOpen = await this.#connect(socket).then(
        () => true,
        () => false,
      )
      if (isOpen) return
    }
    socket.destroy()
  }

  async #connect(socket: Socket): Promise<void> {
    const pod = await this.#readyGateway()
    await openTunnel(this.#cluster, { namespace: this.#namespace, pod, port: this.#podPort }, socket)
  }

  /** @throws UNAVAILABLE */
  async #readyGateway(): Promise<string> {
    const labels = `${selectorOf(this.#flow)},app.kubernetes.io/component=gateway`
    const pods = await list<Pod>(this.#cluster, 'Pod', { namespace: this.#namespace, labels })
    const ready = pods.filter(isReady)
    const chosen = ready[Math.floor(Math.random() * ready.length)]
    if (chosen !== undefined) return chosen.metadata.name
    throw new MillraceError(
      'UNAVAILABLE',
      `No pod of the gateway in namespace '${this.#namespace}' is ready.`,
    )
  }
}
