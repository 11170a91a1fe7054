import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { metricsText, textFormatFor, textTypes } from '../../observe/metrics/text.js'
import type { Metric } from '../../observe/metrics/report.js'
import type { Authenticate } from '../auth/authenticator.js'
import { challenge } from '../auth/challenge.js'
import { bind } from '../listeners/bind.js'

export interface MetricsServerOptions {
  /** Interface to bind; an IPv6 address without brackets. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** Checks the token of a scraper; null for no check. */
  readonly authenticate: Authenticate | null
  /** The current values. */
  scrape(): Promise<readonly Metric[]>
}

/** Scrapers are few; more connections come from someone else. */
const maxConnections = 32

/** Milliseconds that a client may take to send its request. */
const requestMs = 5000

/**
 * Serves metrics over HTTP at `/metrics`, and at `/` as Jina does.
 *
 * 1. Scrapes that arrive during a scrape get its values.
 */
export class MetricsServer {
  readonly #options: MetricsServerOptions
  readonly #server: Server
  #scrape: Promise<readonly Metric[]> | undefined

  constructor(options: MetricsServerOptions) {
    this.#options = options
    const limits = { requestTimeout: requestMs, headersTimeout: requestMs, maxHeaderSize: 16_384 }
    this.#server = createServer({ ...limits, connectionsCheckingInterval: 1000 }, (request, response) => {
      this.#answer(request, response).catch(() => response.destroy())
    })
    this.#server.maxConnections = maxConnections
  }

  /** Binds its port and resolves with the number. Rejects with PORT_IN_USE or START_FAILED. */
  listen(): Promise<number> {
    const { host, port } = this.#options
    return bind(this.#server, { protocols: ['metrics'], host, port })
  }

  /** Closes the port and its connections. Idempotent. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #answer({ method, url = '', headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path] = url.split('?', 1)
    if (path !== '/metrics' && path !== '/') return refuse(response, 404, 'Metrics are at /metrics.\n')
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return refuse(response, 405, 'Use GET.\n')
    }
    const refusal = await this.#options.authenticate?.(headers.authorization, 'description')
    if (refusal) {
      if (refusal.code !== 'UNAUTHENTICATED') return refuse(response, 503, `${refusal.message}\n`)
      response.setHeader('www-authenticate', challenge)
      return refuse(response, 401, `${refusal.message}\n`)
    }
    const format = textFormatFor(headers.accept ?? '')
    const text = metricsText(await this.#values(), format)
    response.writeHead(200, { 'content-type': textTypes[format], 'content-length': Buffer.byteLength(text) })
    response.end(method === 'HEAD' ? '' : text)
  }

  #values(): Promise<readonly Metric[]> {
    this.#scrape ??= this.#options.scrape().finally(() => {
      this.#scrape = undefined
    })
    return this.#scrape
  }
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(why)
}
