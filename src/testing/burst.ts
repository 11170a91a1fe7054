import { Scope } from '../call/scope.js'
import { Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import type { Flow } from '../flow/flow.js'
import { entryOf } from '../plan/listeners.js'
import { DataRequest } from '../wire/data-request.js'
import { dialable } from './senders.js'

/** Requests that `burst` sends. */
export interface BurstOptions {
  /** Default `/default`. */
  readonly endpoint?: string
  /** Default 2000. */
  readonly requests?: number
  /** Number of gRPC connections. Default 4. */
  readonly connections?: number
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Text of each document. Default: the document's number. */
  readonly text?: string
  /** Milliseconds for all requests. Default 60,000. */
  readonly timeoutMs?: number
}

/** Outcomes of the requests of a burst. */
export interface BurstReport {
  readonly sent: number
  readonly answered: number
  /** Refused with RESOURCE_EXHAUSTED. */
  readonly refused: number
  /** Refused with a retry-after time. */
  readonly hinted: number
  /** Failures by code, including refused requests. */
  readonly errors: Readonly<Record<string, number>>
}

/**
 * Sends many unary gRPC requests at once. A gateway must refuse requests beyond its limits, whereas it slows down a stream.
 * Rejects with UNSUPPORTED when the Flow does not speak gRPC.
 */
export async function burst(flow: Flow<string>, options: BurstOptions = {}): Promise<BurstReport> {
  const {
    endpoint = '/default',
    requests = 2000,
    connections = 4,
    parameters = {},
    timeoutMs = 60_000,
  } = options
  const { scheme, host, port } = entryOf((await flow.status()).listeners)
  if (scheme !== 'grpc') {
    const what = `burst() sends gRPC requests, and no port of the Flow speaks it. Add 'grpc' to its protocol.`
    throw new MillraceError('UNSUPPORTED', what)
  }
  const address = { kind: 'grpc', host: dialable(host), port, tls: false } as const
  // imported on demand, so that the transport code shared with pods stays in one bundle (scripts/bundle.mjs)
  const { dialGrpc } = await import('../transport/grpc/channel.js')
  const channels = await Promise.all(Array.from({ length: connections }, () => dialGrpc(address)))
  const errors: Record<string, number> = {}
  let answered = 0
  let hinted = 0
  const sendOne = async (_: unknown, index: number): Promise<void> => {
    const docs = new DocumentArray([new Document({ text: options.text ?? String(index) })])
    const request = DataRequest.create({ endpoint, docs, parameters })
    try {
      await channels[index % connections]!.handle(request, new Scope(Date.now() + timeoutMs, {}))
      answered++
    } catch (error) {
      const { code, retryAfterMs } = MillraceError.from(error)
      errors[code] = (errors[code] ?? 0) + 1
      if (code === 'RESOURCE_EXHAUSTED' && retryAfterMs !== null) hinted++
    }
  }
  try {
    await Promise.all(Array.from({ length: requests }, sendOne))
  } finally {
    await Promise.all(channels.map((channel) => channel.close()))
  }
  return { sent: requests, answered, refused: errors.RESOURCE_EXHAUSTED ?? 0, hinted, errors }
}
