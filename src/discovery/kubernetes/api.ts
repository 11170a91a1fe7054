import type { IncomingMessage } from 'node:http'
import { get as httpGet } from 'node:http'
import { get as httpsGet } from 'node:https'
import type { Cluster } from './cluster.js'
import { type EndpointSlice, serviceLabel } from './endpoint-slices.js'

/** Of one namespace those of some Services. */
export interface SliceQuery {
  readonly namespace: string
  readonly services: readonly string[]
}

export interface SliceList {
  readonly metadata: { readonly resourceVersion: string }
  readonly items: readonly EndpointSlice[]
}

/** What a watch says (meta/v1 WatchEvent). */
export type SliceEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: EndpointSlice }
  | { readonly type: 'ERROR'; readonly object: { readonly code?: number; readonly message?: string } }

/** The API server answered, but not with what was asked for. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** HTTP status. */
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Seconds after which a watch ends and is begun again, so that a connection that died unnoticed is not waited on for long. */
const watchSeconds = 60
/** For an answer to begin, and beyond the end of a watch. */
const patienceMs = 10_000

const noCluster = 'this is no pod of a cluster, or it has no token of a ServiceAccount'

/** The little of the API that is asked for. Rejects with ApiError, the signal's reason, or what the network says. */
export class Api {
  readonly #cluster: () => Promise<Cluster | null>

  /** @param cluster the one to ask; null while there is none */
  constructor(cluster: () => Promise<Cluster | null>) {
    this.#cluster = cluster
  }

  async list(query: SliceQuery, signal: AbortSignal): Promise<SliceList> {
    const response = await this.#get(pathOf(query, {}), signal)
    return JSON.parse(await textOf(response)) as SliceList
  }

  /** Ends when the server ends it, which is no failure. */
  async *watch(query: SliceQuery, resourceVersion: string, signal: AbortSignal): AsyncGenerator<SliceEvent> {
    const parameters = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(watchSeconds),
      resourceVersion,
    }
    const response = await this.#get(pathOf(query, parameters), signal)
    response.setTimeout(watchSeconds * 1000 + patienceMs) // instead of that for the answer to begin
    response.setEncoding('utf8')
    let begun = ''
    for await (const chunk of response) {
      const lines = `${begun}${chunk}`.split('\n')
      begun = lines.pop()!
      for (const line of lines) yield JSON.parse(line) as SliceEvent
    }
  }

  async #get(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const cluster = await this.#cluster()
    if (cluster === null) throw new ApiError(401, noCluster)
    const { url, ca } = cluster
    const headers = { authorization: `Bearer ${await cluster.token()}`, accept: 'application/json' }
    const options = { headers, signal, timeout: patienceMs, ...(ca !== null && { ca }) }
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const get = url.startsWith('https:') ? httpsGet : httpGet
      const asked = get(`${url}${path}`, options, resolve)
      asked.on('error', reject)
      asked.on('timeout', () => asked.destroy(new Error('the API server does not answer')))
    })
    if (response.statusCode === 200) return response
    const text = await textOf(response).catch(() => '')
    throw new ApiError(response.statusCode ?? 0, messageOf(text))
  }
}

function pathOf({ namespace, services }: SliceQuery, more: Readonly<Record<string, string>>): string {
  const labelSelector = `${serviceLabel} in (${services.join(',')})`
  const query = new URLSearchParams({ labelSelector, ...more }).toString()
  return `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${query}`
}

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8')
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return text
}

/** The API says a Status; what stands before it may say anything. */
function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown }
    return typeof message === 'string' ? message : text.slice(0, 200)
  } catch {
    return text.slice(0, 200)
  }
}
