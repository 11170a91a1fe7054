import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Cluster } from './cluster.js'
import { type EndpointSlice, serviceLabel } from './endpoint-slices.js'

export interface PodFacts {
  readonly ready?: boolean
  readonly terminating?: boolean
}

/** A slice of a Service, with a pod at each address. */
export function slice(
  service: string,
  pods: Readonly<Record<string, PodFacts>>,
  more: { readonly name?: string; readonly addressType?: string } = {},
): EndpointSlice {
  return {
    metadata: {
      name: more.name ?? `${service}-1`,
      resourceVersion: '0',
      labels: { [serviceLabel]: service },
    },
    addressType: more.addressType ?? 'IPv4',
    endpoints: Object.entries(pods).map(([address, conditions]) => ({
      addresses: [address],
      conditions,
      targetRef: { uid: `pod-${address}` },
    })),
  }
}

/** An API server with EndpointSlices only, over real HTTP; its answers can be made to fail. */
export class FakeApi {
  /** Path and query of each request. */
  readonly asked: string[] = []
  readonly tokens: (string | undefined)[] = []
  /** Value of `cluster.token`. */
  token = 'first'
  /** Overrides the answer: a status, or `hang up`. */
  trouble: number | 'hang up' | null = null
  readonly #server: Server
  readonly #slices = new Map<string, EndpointSlice>()
  readonly #watches = new Set<ServerResponse>()
  readonly #waiting: (() => void)[] = []
  #version = 0

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  static async start(): Promise<FakeApi> {
    const api = new FakeApi()
    await new Promise<void>((resolve) => api.#server.listen(0, '127.0.0.1', resolve))
    return api
  }

  get cluster(): Cluster {
    const { port } = this.#server.address() as AddressInfo
    return { url: `http://127.0.0.1:${port}`, ca: null, token: async () => this.token }
  }

  get watches(): number {
    return this.#watches.size
  }

  /** Resolves when this many requests have arrived. */
  async requests(count: number): Promise<void> {
    while (this.asked.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Changes a slice as a controller would, and notifies watches. */
  put(given: EndpointSlice): void {
    const { name } = given.metadata
    const type = this.#slices.has(name) ? 'MODIFIED' : 'ADDED'
    const metadata = { ...given.metadata, resourceVersion: String(++this.#version) }
    const object = { ...given, metadata }
    this.#slices.set(name, object)
    this.send({ type, object })
  }

  remove(name: string): void {
    const object = this.#slices.get(name)!
    this.#slices.delete(name)
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) }
    this.send({ type: 'DELETED', object: { ...object, metadata } })
  }

  bookmark(): void {
    this.send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(++this.#version) } } })
  }

  send(event: object): void {
    const line = `${JSON.stringify(event)}\n`
    for (const watch of this.#watches) {
      // in two pieces, as may happen on a network
      watch.write(line.slice(0, 10))
      watch.write(line.slice(10))
    }
  }

  endWatches(): void {
    for (const watch of this.#watches) watch.end()
  }

  hangUp(): void {
    for (const watch of this.#watches) watch.destroy()
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }

  #answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
    this.asked.push(decodeURIComponent(url.replaceAll('+', ' ')))
    this.tokens.push(headers.authorization)
    for (const wake of this.#waiting.splice(0)) wake()
    if (this.trouble === 'hang up') return void response.destroy()
    if (this.trouble !== null) {
      response.writeHead(this.trouble)
      return void response.end(JSON.stringify({ kind: 'Status', message: `status ${this.trouble}` }))
    }
    if (url.includes('watch=true')) return this.#watch(response)
    const metadata = { resourceVersion: String(this.#version) }
    response.end(JSON.stringify({ metadata, items: [...this.#slices.values()] }))
  }

  #watch(response: ServerResponse): void {
    response.flushHeaders()
    this.#watches.add(response)
    response.on('close', () => this.#watches.delete(response))
  }
}
