import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { Cluster } from './api/cluster.js'
import type { Pace } from './api/pace.js'

interface Stored {
  kind: string
  metadata: Record<string, unknown> & { name: string; labels?: Record<string, string> }
  spec?: Record<string, unknown>
  status?: Record<string, unknown>
  [key: string]: unknown
}

export interface Asked {
  readonly method: string
  /** Path without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Record<string, unknown>
}

export interface FakeAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * A partial API server: objects by path, lists by labels, server-side apply, patches, deletion, access reviews.
 * It has no controllers: tests set the status of a Deployment.
 */
export class FakeCluster {
  readonly asked: Asked[] = []
  /** By path: `/apis/apps/v1/namespaces/shop/deployments/encoder`. */
  readonly objects = new Map<string, Stored>()
  /** Overrides the server's answer when it returns one. */
  answer: (asked: Asked) => FakeAnswer | null = () => null
  /** Answers GET requests for logs of pods, piece by piece; the one at this path, if there is one. */
  readonly logs = new Map<string, (query: URLSearchParams, response: ServerResponse) => void>()
  /** Called for each wait of the code under test: time advances, and the test may change objects. */
  onSleep: (ms: number) => void = () => {}
  readonly pace: Pace
  readonly #server: Server
  readonly #folder: string
  #now = 0

  static async start(): Promise<FakeCluster> {
    const fake = new FakeCluster(await mkdtemp(path.join(os.tmpdir(), 'fake-cluster-')))
    fake.#server.listen(0, '127.0.0.1')
    await once(fake.#server, 'listening')
    await writeFile(fake.kubeconfig, JSON.stringify(fake.#config()))
    return fake
  }

  private constructor(folder: string) {
    this.#folder = folder
    this.pace = {
      now: () => this.#now,
      sleep: async (ms) => {
        this.#now += ms
        this.onSleep(ms)
      },
    }
    this.#server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url!, this.url)
      const log = this.logs.get(pathname)
      if (log !== undefined) return log(searchParams, response)
      void this.#answered(request).then(({ status, body, headers }) => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers })
        response.end(typeof body === 'string' ? body : JSON.stringify(body))
      })
    })
    this.put('/api/v1/namespaces/shop', { kind: 'Namespace', metadata: { name: 'shop' } })
  }

  get kubeconfig(): string {
    return path.join(this.#folder, 'config')
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  connect(): Promise<Cluster> {
    return Cluster.connect({ context: null, kubeconfig: this.kubeconfig }, this.pace)
  }

  put(at: string, object: Stored): void {
    this.objects.set(at, object)
  }

  /** Names of all objects of a kind. */
  names(plural: string): readonly string[] {
    const found = [...this.objects].filter(([at]) => at.split('/').at(-2) === plural)
    return found.map(([, { metadata }]) => metadata.name)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await rm(this.#folder, { recursive: true })
  }

  #config(): object {
    return {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'fake',
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'ann', namespace: 'shop' } }],
      clusters: [{ name: 'fake', cluster: { server: this.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'ann', user: { token: 'secret' } }],
    }
  }

  async #answered(request: IncomingMessage): Promise<FakeAnswer> {
    const url = new URL(request.url!, this.url)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
    const asked = { method: request.method!, path: url.pathname, query: url.searchParams, body }
    this.asked.push(asked)
    return this.answer(asked) ?? this.#own(asked, String(request.headers['content-type']))
  }

  #own(asked: Asked, type: string): FakeAnswer {
    switch (asked.method) {
      case 'GET':
        return this.#get(asked)
      case 'POST':
        return asked.path.endsWith('selfsubjectreviews')
          ? { status: 201, body: { status: { userInfo: { username: 'ann' } } } }
          : { status: 201, body: { status: { allowed: true } } }
      case 'PATCH':
        return type === 'application/apply-patch+yaml' ? this.#apply(asked) : this.#patch(asked, type)
      default:
        return this.objects.delete(asked.path) ? { status: 200, body: {} } : missing
    }
  }

  #get({ path: at, query }: Asked): FakeAnswer {
    const object = this.objects.get(at)
    if (object !== undefined) return { status: 200, body: object }
    const isList = /\/(namespaces\/[^/]+\/)?[a-z]+s$/.test(at) && !/\/namespaces\/[^/]+$/.test(at)
    if (!isList) return missing
    const plural = at.split('/').at(-1)!
    const root = at.split('/namespaces/')[0]!.replace(`/${plural}`, '')
    const namespace = /namespaces\/([^/]+)/.exec(at)?.[1]
    const items = [...this.objects]
      .filter(
        ([key]) =>
          key.startsWith(`${root}/namespaces/${namespace ?? ''}`) && key.split('/').at(-2) === plural,
      )
      .map(([, each]) => each)
      .filter((each) => matches(each.metadata.labels ?? {}, query.get('labelSelector') ?? ''))
    return { status: 200, body: { items } }
  }

  #apply({ path: at, query, body }: Asked): FakeAnswer {
    const before = this.objects.get(at)
    const metadata = { generation: 1, ...(body.metadata as object) }
    const object = {
      ...body,
      metadata,
      ...(before?.status !== undefined && { status: before.status }),
    } as unknown as Stored
    if (query.get('dryRun') === null) this.put(at, object)
    return { status: before === undefined ? 201 : 200, body: object }
  }

  #patch({ path: at, body }: Asked, type: string): FakeAnswer {
    const object = this.objects.get(at.replace(/\/scale$/, ''))
    if (object === undefined) return missing
    if (type === 'application/merge-patch+json') merge(object, body)
    else for (const { path: pointer, value } of body as unknown as Operation[]) setAt(object, pointer, value)
    return { status: 200, body: object }
  }
}

interface Operation {
  readonly path: string
  readonly value: unknown
}

export const missing: FakeAnswer = { status: 404, body: { message: 'not found', reason: 'NotFound' } }

function matches(labels: Readonly<Record<string, string>>, selector: string): boolean {
  return selector
    .split(',')
    .filter(Boolean)
    .every((one) => {
      if (one.startsWith('!')) return labels[one.slice(1)] === undefined
      const [key, value] = one.split('=')
      return labels[key!] === value
    })
}

function merge(target: Record<string, unknown>, source: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(source)) {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (isObject) merge((target[key] ??= {}) as Record<string, unknown>, value as Record<string, unknown>)
    else target[key] = value
  }
}

/** JSON Pointer (RFC 6901). */
function setAt(target: object, pointer: string, value: unknown): void {
  const keys = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = keys.pop()!
  const holder = keys.reduce<Record<string, unknown>>(
    (each, key) => each[key] as Record<string, unknown>,
    target as Record<string, unknown>,
  )
  holder[last] = value
}
