import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readBody } from '../control/body.js'
import { type Reply, refuse } from '../control/reply.js'
import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { Access, isLoopbackHost, isOwnOrigin } from './access.js'
import { answer, answerJson, answerText, beginEvents } from './answers.js'
import { pageCommands } from './commands.js'
import { Feed } from './feed.js'
import { type PageFile, pageFiles } from './page-files.js'
import type { Watched } from './watched.js'

/** Loopback only: who wants the page elsewhere forwards the port. */
const host = '127.0.0.1'

/** Largest request body: the documents of a call. */
const maxBodyBytes = 16 * 1024 * 1024

/** Connections of one person's browser. */
const maxConnections = 64

const limits = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 5000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2000,
}

/** A dashboard that is served. */
export interface Dashboard {
  readonly port: number
  /** The link that opens the page once; null after it was opened. */
  readonly url: string | null
  /** From now on it does not keep the program alive. */
  unref(): void
  /** Closes the port and its connections. Idempotent. */
  close(): Promise<void>
}

export interface DashboardOptions {
  /** 0 lets the system choose. */
  readonly port: number
  readonly clock?: Clock
  /** Default: those of the package. */
  readonly files?: ReadonlyMap<string, PageFile>
}

/** Serves the page of a Flow on 127.0.0.1. @throws PORT_IN_USE, START_FAILED */
export async function serveDashboard(
  watched: Watched,
  { port, clock = systemClock, files = pageFiles() }: DashboardOptions,
): Promise<Dashboard> {
  const site = new Site(watched, { clock, files })
  const server = createServer(limits, (request, response) => {
    site.serve(request, response).catch(() => response.destroy())
  })
  server.maxConnections = maxConnections
  let keepsAlive = true
  server.on('connection', (socket) => {
    if (!keepsAlive) socket.unref()
  })
  await bind(server, port)
  server.on('error', () => {}) // accept() failed (out of file descriptors): the browser sees it
  const bound = (server.address() as AddressInfo).port
  return {
    port: bound,
    get url() {
      const { link } = site.access
      return link === null ? null : `http://${host}:${bound}${link}`
    },
    unref() {
      keepsAlive = false
      server.unref()
    },
    async close() {
      site.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

/** What is served, to whom. */
class Site {
  readonly access = new Access()
  readonly #watched: Watched
  readonly #feed: Feed
  readonly #files: ReadonlyMap<string, PageFile>

  constructor(watched: Watched, { clock, files }: Required<Pick<DashboardOptions, 'clock' | 'files'>>) {
    this.#files = files
    this.#watched = watched
    this.#feed = new Feed(watched, clock)
  }

  close(): void {
    this.#feed.close()
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers, method = '', url = '' } = request
    if (!isLoopbackHost(headers))
      return answerText(response, 421, 'This page is for browsers on its machine.')
    const [path = '', query = ''] = url.split('?', 2)
    if (!path.startsWith(this.access.base)) return answerText(response, 404, unknownPage)
    const name = path.slice(this.access.base.length)
    const token = new URLSearchParams(query).get('token')
    if (name === '' && method === 'GET' && token !== null) return this.#open(response, token)
    if (!this.access.isKnown(headers)) return answerText(response, 403, unknownPage)
    const file = this.#files.get(name === '' ? 'page.html' : name)
    if (file !== undefined && method === 'GET') return answer(response, 200, file)
    if (name === 'events' && method === 'GET') return this.#tell(response)
    const command = pageCommands.get(name)
    if (command?.method !== method)
      return answerText(response, 404, `There is no ${method} of that name here.`)
    if (method === 'POST' && !isOwnOrigin(headers))
      return answerText(response, 403, 'Another page sent this request.')
    try {
      const body = method === 'GET' ? '' : await readBody(request, maxBodyBytes)
      if (body === null) return refused(response, refuse(tooLong, 413))
      answerJson(response, 200, await command.run(this.#watched, body))
    } catch (error) {
      refused(response, withStack(refuse(error), error))
    }
  }

  /** Answers the link with the page itself: after a redirect, a browser that came from another site would not send the cookie. */
  #open(response: ServerResponse, token: string): void {
    const cookie = this.access.exchange(token)
    if (cookie === null) return answerText(response, 403, usedLink)
    answer(response, 200, this.#files.get('page.html')!, { 'set-cookie': cookie })
  }

  #tell(response: ServerResponse): void {
    response.once('close', this.#feed.listen(beginEvents(response)))
  }
}

const unknownPage = 'Open the link that millrace dashboard, or the start of the Flow, has printed.'
const usedLink =
  'This link was opened before, or is not complete. Each opens the page once; run millrace dashboard for another one.'

const tooLong = new MillraceError('RESOURCE_EXHAUSTED', `The body is longer than ${maxBodyBytes} bytes.`)

/** With the stack of an Executor that failed, which people who try an endpoint look for. */
function withStack(reply: Reply, error: unknown): Reply {
  if (!MillraceError.is(error) || error.code !== 'EXECUTOR_FAILED') return reply
  const { cause } = error
  const stack = cause instanceof Error ? cause.stack : undefined
  return stack === undefined ? reply : { ...reply, body: { ...(reply.body as object), stack } }
}

function refused(response: ServerResponse, { status, body }: Reply): void {
  // what was not read of the body must not be taken for the next request
  response.setHeader('connection', 'close')
  answerJson(response, status, JSON.stringify(body))
}

function bind(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isInUse = error.code === 'EADDRINUSE'
      const code = isInUse ? 'PORT_IN_USE' : 'START_FAILED'
      const why = isInUse ? 'another program listens there' : error.message
      reject(
        new MillraceError(code, `The dashboard cannot listen on ${host}:${port}: ${why}.`, { cause: error }),
      )
    })
    server.listen({ host, port, exclusive: true }, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}
