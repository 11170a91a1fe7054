import type { KubeConfig } from '@kubernetes/client-node'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { MillraceError } from '../../../errors.js'
import type { ClusterOptions } from '../options.js'
import { readText, sendHttp } from '../../../discovery/kubernetes/http.js'
import { type Library, loadLibrary, pathOf, readKubeconfig } from './kubeconfig.js'
import { type Pace, systemPace } from './pace.js'

/** A request to the API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Path and query. */
  readonly path: string
  readonly body?: unknown
  /** Content type of the body. Default JSON. */
  readonly type?: string
}

interface RawAnswer {
  readonly status: number
  readonly text: string
  /** From `retry-after`, in milliseconds; 0 without it. */
  readonly retryAfterMs: number
}

/** A response with any status. */
export interface ApiAnswer {
  readonly status: number
  /** An object, a list or a `Status`; the text when it is not JSON. */
  readonly body: unknown
}

/** Timeout for the head of a response, and again for its body; then pauses between attempts that failed. */
const timeoutMs = 20_000
const backoffMs = [200, 500, 1500]
/** Statuses worth a retry: overload, or a server without its storage. Retries are safe because every request is idempotent. */
const isTransient = (status: number): boolean => [429, 500, 502, 503, 504].includes(status)

/** The API of one cluster, as one user. */
export class Cluster {
  readonly library: Library
  readonly config: KubeConfig
  readonly #kubeconfig: string | null
  readonly #pace: Pace
  #agent: http.Agent | undefined
  #streamAgent: http.Agent | undefined

  /** @throws MODULE_NOT_FOUND, INVALID_OPTION */
  static async connect(
    options: Pick<ClusterOptions, 'context' | 'kubeconfig'>,
    pace: Pace = systemPace,
  ): Promise<Cluster> {
    const library = await loadLibrary()
    return new Cluster(library, options, pace)
  }

  private constructor(library: Library, options: Pick<ClusterOptions, 'context' | 'kubeconfig'>, pace: Pace) {
    this.library = library
    this.config = readKubeconfig(library, options)
    this.#kubeconfig = options.kubeconfig
    this.#pace = pace
  }

  get pace(): Pace {
    return this.#pace
  }

  /** Namespace of the context. */
  get namespace(): string {
    return this.config.getContextObject(this.config.currentContext)?.namespace ?? 'default'
  }

  /** Name in messages: `https://10.0.0.1:6443 (context 'prod' of ~/.kube/config)`. */
  get label(): string {
    const server = this.config.getCurrentCluster()?.server ?? 'no server'
    return `${server} (context '${this.config.currentContext}' of the kubeconfig ${pathOf(this.#kubeconfig)})`
  }

  /** Sends a request, with retries; resolves with refusals too. @throws UNAVAILABLE when the server cannot be reached */
  async ask(request: ApiRequest): Promise<ApiAnswer> {
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#send(request).catch((error: unknown) => error as Error)
      const waitMs = backoffMs[attempt]
      if (outcome instanceof Error) {
        if (waitMs === undefined) throw this.#unreachable(outcome)
        await this.#pace.sleep(waitMs)
      } else if (isTransient(outcome.status) && waitMs !== undefined) {
        await this.#pace.sleep(Math.max(waitMs, Math.min(outcome.retryAfterMs, timeoutMs)))
      } else {
        return { status: outcome.status, body: parsed(outcome.text) }
      }
    }
  }

  /**
   * Opens a response whose body is read as it arrives; with any status, without retries. It has a connection of its own.
   *
   * @throws UNAVAILABLE when the server cannot be reached; AbortError by `signal`, which ends the body as well
   */
  async open(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const { server, options } = await this.#options()
    const { auth, headers } = options
    this.#streamAgent ??= this.#newAgent(options, {})
    try {
      return await sendHttp({
        url: new URL(`${server}${path}`),
        options: {
          ...{ method: 'GET', headers: { ...headers, 'user-agent': 'millrace' }, signal },
          ...{ agent: this.#streamAgent, ...(auth && { auth }) },
        },
        timeoutMs,
      })
    } catch (error) {
      signal.throwIfAborted()
      throw this.#unreachable(error as Error)
    }
  }

  /** The server, and what authenticates this user; on every request, because a token may have expired. */
  async #options(): Promise<{ readonly server: string; readonly options: https.RequestOptions }> {
    const options: https.RequestOptions = {}
    await this.config.applyToHTTPSOptions(options)
    return { server: this.config.getCurrentCluster()!.server.replace(/\/$/, ''), options }
  }

  async #send({ method, path, body, type = 'application/json' }: ApiRequest): Promise<RawAnswer> {
    const { server, options } = await this.#options()
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      ...options.headers,
      accept: 'application/json',
      'user-agent': 'millrace',
      ...(text !== undefined && { 'content-type': type, 'content-length': Buffer.byteLength(text) }),
    }
    const { auth } = options
    this.#agent ??= this.#newAgent(options, { keepAlive: true, maxSockets: 8 })
    const response = await sendHttp({
      url: new URL(`${server}${path}`),
      options: { method, headers, agent: this.#agent, ...(auth && { auth }) },
      body: text,
      timeoutMs,
    })
    const seconds = Number(response.headers['retry-after'] ?? 0)
    return {
      status: response.statusCode ?? 0,
      text: await readText(response, timeoutMs),
      retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : 0,
    }
  }

  /** The library would create an agent for each request, each with its own TLS handshake. */
  #newAgent(
    { agent, ca, cert, key, rejectUnauthorized, servername }: https.RequestOptions,
    limits: http.AgentOptions,
  ): http.Agent {
    const { server, proxyUrl } = this.config.getCurrentCluster()!
    if (proxyUrl) return agent as http.Agent
    return server.startsWith('http:')
      ? new http.Agent(limits)
      : new https.Agent({
          ...limits,
          ...withoutUndefined({ ca, cert, key, rejectUnauthorized, servername }),
        })
  }

  #unreachable(cause: Error): MillraceError {
    const { code } = cause as NodeJS.ErrnoException
    const said = [...new Set([code, cause.message])].filter(Boolean).join(', ')
    return new MillraceError(
      'UNAVAILABLE',
      `No cluster answers at ${this.label}: ${said || 'no reason given'}. Check that it runs and can be reached from here, or name another one: context, kubeconfig.`,
      { cause },
    )
  }

  close(): void {
    this.#agent?.destroy()
    this.#streamAgent?.destroy()
    this.#agent = undefined
    this.#streamAgent = undefined
  }
}

function withoutUndefined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
