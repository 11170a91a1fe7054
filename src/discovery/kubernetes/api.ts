import type { IncomingMessage } from 'node:http'
import type { Cluster } from './cluster.js'
import { type EndpointSlice, serviceLabel } from './endpoint-slices.js'
import { readLines, readText, sendHttp } from './http.js'

/** Selects the EndpointSlices of some Services in a namespace. */
export interface SliceQuery {
  readonly namespace: string
  readonly services: readonly string[]
}

export interface SliceList {
  readonly metadata: { readonly resourceVersion: string }
  readonly items: readonly EndpointSlice[]
}

/** An event of a watch (meta/v1 WatchEvent). */
export type SliceEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: EndpointSlice }
  | { readonly type: 'ERROR'; readonly object: { readonly code?: number; readonly message?: string } }

/** The API server answered with an error. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** HTTP status. */
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Seconds after which a watch is renewed, to detect a connection that died silently. */
const watchSeconds = 60
/** Timeout for the head of a response, for its body, and beyond the end of a watch. */
const patienceMs = 10_000

const noCluster = 'this is no pod of a cluster, or it has no token of a ServiceAccount'

/** The two API calls that discovery needs. Rejects with ApiError, the signal's reason, or a network error. */
export class Api {
  readonly #cluster: () => Promise<Cluster | null>

  /** @param cluster returns the cluster; null while there is none */
  constructor(cluster: () => Promise<Cluster | null>) {
    this.#cluster = cluster
  }

  async list(query: SliceQuery, signal: AbortSignal): Promise<SliceList> {
    const response = await this.#get(pathOf(query, {}), signal)
    return JSON.parse(await readText(response, patienceMs)) as SliceList
  }

  /** Watches until the server ends the watch, which is normal. */
  async *watch(query: SliceQuery, resourceVersion: string, signal: AbortSignal): AsyncGenerator<SliceEvent> {
    const parameters = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(watchSeconds),
      resourceVersion,
    }
    const response = await this.#get(pathOf(query, parameters), signal)
    const silentMs = watchSeconds * 1000 + patienceMs
    for await (const line of readLines(response, silentMs)) yield JSON.parse(line) as SliceEvent
  }

  async #get(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const cluster = await this.#cluster()
    if (cluster === null) throw new ApiError(401, noCluster)
    const { url, ca } = cluster
    const headers = { authorization: `Bearer ${await cluster.token()}`, accept: 'application/json' }
    const response = await sendHttp({
      url: new URL(`${url}${path}`),
      options: { headers, signal, ...(ca !== null && { ca }) },
      timeoutMs: patienceMs,
    })
    if (response.statusCode === 200) return response
    const text = await readText(response, patienceMs).catch(() => '')
    throw new ApiError(response.statusCode ?? 0, messageOf(text))
  }
}

function pathOf({ namespace, services }: SliceQuery, more: Readonly<Record<string, string>>): string {
  const labelSelector = `${serviceLabel} in (${services.join(',')})`
  const query = new URLSearchParams({ labelSelector, ...more }).toString()
  return `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${query}`
}

/** The message of a Status; a proxy in front of the API may answer with anything. */
function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown }
    return typeof message === 'string' ? message : text.slice(0, 200)
  } catch {
    return text.slice(0, 200)
  }
}
