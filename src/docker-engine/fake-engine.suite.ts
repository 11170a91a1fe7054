import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Labels } from './labels.js'

/** A line that a container has printed. */
interface Printed {
  /** RFC 3339 with nine digits of the second. */
  readonly time: string
  readonly text: string
  readonly stream: 'out' | 'err'
}

interface FakeContainer {
  readonly labels: Labels
  state: 'running' | 'exited'
  readonly lines: Printed[]
  readonly followers: Set<ServerResponse>
}

/** The part of an engine's API that reads the output of containers. */
export class FakeEngine {
  /** Paths of the requests for output, with their queries. */
  readonly asked: URL[] = []
  readonly #containers = new Map<string, FakeContainer>()
  readonly #server: Server

  static async start(): Promise<FakeEngine> {
    const fake = new FakeEngine()
    fake.#server.listen(0, '127.0.0.1')
    await once(fake.#server, 'listening')
    return fake
  }

  private constructor() {
    this.#server = createServer(({ url = '' }, response) => {
      const asked = new URL(url.replace(/^\/v[\d.]+\//, '/'), 'http://engine')
      const [, name] = /^\/containers\/(.+)\/logs$/.exec(asked.pathname) ?? []
      if (name !== undefined) this.#output(name, asked, response)
      else if (asked.pathname === '/containers/json') this.#list(asked, response)
      else answer(response, 200, { Version: '27.0.0', ApiVersion: '1.46' })
    })
  }

  /** In the form of DOCKER_HOST. */
  get host(): string {
    return `tcp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Containers that are followed, with the number of those who do. */
  get followed(): readonly string[] {
    return [...this.#containers].flatMap(([name, { followers }]) => [...followers].map(() => name))
  }

  add(name: string, labels: Labels): void {
    this.#containers.set(name, { labels, state: 'running', lines: [], followers: new Set() })
  }

  print(name: string, time: string, text: string, stream: 'out' | 'err' = 'out'): void {
    const container = this.#containers.get(name)!
    const line = { time, text, stream }
    container.lines.push(line)
    for (const response of container.followers) response.write(frame(line))
  }

  /** The container exits, or runs again. */
  set(name: string, state: FakeContainer['state']): void {
    const container = this.#containers.get(name)!
    container.state = state
    if (state === 'running') return
    for (const response of container.followers) response.end()
    container.followers.clear()
  }

  remove(name: string): void {
    this.set(name, 'exited')
    this.#containers.delete(name)
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #list({ searchParams }: URL, response: ServerResponse): void {
    const { label = [] } = JSON.parse(searchParams.get('filters') ?? '{}') as { readonly label?: string[] }
    const found = [...this.#containers].filter(([, { labels }]) =>
      label.every((one) => {
        const [key = '', value] = one.split('=')
        return value === undefined ? key in labels : labels[key] === value
      }),
    )
    answer(
      response,
      200,
      found.map(([name, { labels, state }]) => ({
        ...{ Id: name, Names: [`/${name}`], Labels: labels, State: state },
      })),
    )
  }

  #output(name: string, asked: URL, response: ServerResponse): void {
    this.asked.push(asked)
    const container = this.#containers.get(name)
    if (container === undefined) return answer(response, 404, { message: `No such container: ${name}` })
    const query = asked.searchParams
    const since = query.get('since')
    const lines = container.lines.filter(({ time }) => since === null || secondsOf(time) >= since)
    const tail = query.get('tail')
    response.writeHead(200, { 'content-type': 'application/vnd.docker.multiplexed-stream' })
    response.flushHeaders()
    for (const line of tail === null ? lines : lines.slice(-Number(tail))) response.write(frame(line))
    if (query.get('follow') !== 'true' || container.state === 'exited') return void response.end()
    container.followers.add(response)
    response.once('close', () => container.followers.delete(response))
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** A line in the engine's multiplexed format: the stream, the length, the bytes. */
function frame({ time, text, stream }: Printed): Buffer {
  const bytes = Buffer.from(`${time} ${text}\n`)
  const head = Buffer.alloc(8)
  head.writeUInt8(stream === 'out' ? 1 : 2, 0)
  head.writeUInt32BE(bytes.length, 4)
  return Buffer.concat([head, bytes])
}

/** As the engine compares: times of the same length. */
function secondsOf(time: string): string {
  return `${Date.parse(`${time.slice(0, 19)}Z`) / 1000}.${time.slice(20, 29)}`
}
