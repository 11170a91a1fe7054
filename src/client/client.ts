import type { Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { createLogger, type Logger } from '../observe/logger.js'
import { defaultMaxMessageBytes } from '../grpc/client/peer.js'
import { conversation } from './conversation.js'
import { parseHost } from './host.js'
import { type Input, type Inputs, toDocument } from './inputs.js'
import {
  checkEndpoint,
  checkOptions,
  clientRules,
  optionRules,
  type PostOptions,
  type SendOptions,
  type StreamOptions,
} from './options.js'
import { Shutdown } from './shutdown.js'
import { post } from './post.js'
import { Response } from './response.js'
import type { Transport } from './transport.js'
import { grpcTransport } from './transports/grpc.js'
import { httpTransport } from './transports/http.js'
import { withToken } from './token.js'
import { streamDocuments } from './stream-doc.js'

/** Options of `Client`. */
export interface ClientOptions {
  /** `grpc://host:port` or `http://host:port`; `grpcs://…` and `https://…` for TLS. */
  readonly host: string
  /** The largest message to send or to accept, in bytes. Default 256 MiB. */
  readonly maxMessageBytes?: number
  /** Requests in flight per call, unless the call sets its own. Default 1000; 0 is no limit. */
  readonly prefetch?: number
  /** Metadata sent with every call; a call's own headers win. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Token for a Flow with `auth`: sent with every call as `authorization: Bearer TOKEN`, unless the headers of the call have
   * another. A function is asked for it at each call.
   */
  readonly token?: string | (() => string)
  /** Receives failures that are logged instead of thrown (`continueOnError`). Default: lines on stderr. */
  readonly logger?: Logger
}

/** Replacements for the network, the clock and the random source of a client. */
export interface ClientSeams {
  /** Default: a gRPC connection to `host`. */
  readonly transport?: Transport
  readonly clock?: Clock
  readonly random?: () => number
}

type Headers = Readonly<Record<string, string>>

/** What `post` resolves with: nothing with `onDone` or `onAlways`, responses with `returnResponses`, else documents. */
export type PostResult<O extends PostOptions> = O extends
  | { readonly onDone: (...args: never[]) => unknown }
  | { readonly onAlways: (...args: never[]) => unknown }
  ? undefined
  : O extends { readonly returnResponses: true }
    ? Response[]
    : DocumentArray

/**
 * Sends documents to a Flow, or to an Executor served without a Flow, over gRPC. All calls share one connection, which is
 * opened by the first call and reopened when it is lost.
 *
 * @throws INVALID_OPTION, UNKNOWN_OPTION, UNSUPPORTED for a host with another protocol
 *
 * @example
 * await using client = new Client({ host: 'grpc://127.0.0.1:54321' })
 * const found = await client.post('/search', [{ text: 'water' }], { parameters: { limit: 3 } })
 */
export class Client {
  readonly #transport: Transport
  readonly #prefetch: number | undefined
  readonly #headers: (own?: Headers) => Headers
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #random: () => number
  readonly #shutdown = new Shutdown()

  constructor(options: ClientOptions, seams: ClientSeams = {}) {
    checkOptions('Client', options, clientRules())
    const { protocol, host, port, tls } = parseHost(options.host)
    const maxMessageBytes = options.maxMessageBytes ?? defaultMaxMessageBytes
    const transportTo = protocol === 'http' ? httpTransport : grpcTransport
    this.#transport = seams.transport ?? transportTo({ host, port, tls, maxMessageBytes })
    this.#prefetch = options.prefetch
    const { headers = {}, token } = options
    this.#headers = token === undefined ? () => headers : (own) => withToken(headers, token, own)
    this.#logger = options.logger ?? createLogger('client')
    this.#clock = seams.clock ?? systemClock
    this.#random = seams.random ?? Math.random
  }

  /**
   * Sends inputs in requests of `requestSize` documents and resolves with the documents of all responses, in order of
   * completion; with `returnResponses` with the responses; with `onDone` or `onAlways` with nothing.
   *
   * Without inputs, or with an empty array, it sends one request without documents. For a generator that ends without a
   * document it sends none, and the result is empty.
   * The DocumentArray has no documents of failed responses (with `onError` or `continueOnError`).
   *
   * Rejects with INVALID_OPTION, UNKNOWN_OPTION, INVALID_INPUT, INPUT_FAILED, CALLBACK_FAILED; EXECUTOR_FAILED when a
   * response failed; UNAVAILABLE and similar when the transport failed; DEADLINE_EXCEEDED and CANCELLED.
   */
  async post<const O extends PostOptions>(on: string, inputs?: Inputs, options?: O): Promise<PostResult<O>> {
    const given: PostOptions = options ?? {}
    checkEndpoint(on)
    checkOptions('post', given, optionRules.post)
    const result = await post(this.#converse(on, inputs, given), { on, options: given, logger: this.#logger })
    return result as PostResult<O>
  }

  /** As `post`, but yields each response as it arrives, failed ones included. Leaving the loop cancels requests in flight. */
  stream(on: string, inputs?: Inputs, options: StreamOptions = {}): AsyncIterable<Response> {
    checkEndpoint(on)
    checkOptions('stream', options, optionRules.stream)
    return this.#responses(on, inputs, options)
  }

  /** Sends one document to an endpoint whose handler is a generator, and yields each document as the handler yields it. */
  streamDoc(on: string, document: Input, options: SendOptions = {}): AsyncIterable<Document> {
    checkEndpoint(on)
    checkOptions('streamDoc', options, optionRules.streamDoc)
    const input = toDocument(document)
    return streamDocuments(this.#transport, {
      on,
      document: input,
      options: { ...options, headers: { ...this.#headers(options.headers), ...options.headers } },
      shutdown: this.#shutdown,
      clock: this.#clock,
    })
  }

  /** True when a request through every stage succeeds; false when it fails or the server cannot be reached. `timeoutMs`: 5000. */
  async isReady(options: { readonly timeoutMs?: number } = {}): Promise<boolean> {
    const deadline = this.#clock.now() + (options.timeoutMs ?? 5_000)
    try {
      return await this.#transport.dryRun({ deadline, headers: this.#headers() })
    } catch {
      return false
    }
  }

  /** Cancels calls in flight (CANCELLED) and closes the connection. Idempotent. */
  async close(): Promise<void> {
    const reason = new MillraceError('CANCELLED', 'The client was closed.')
    this.#shutdown.begin(reason)
    await this.#transport.close(reason)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #converse(on: string, inputs: unknown, options: StreamOptions): ReturnType<typeof conversation> {
    return conversation({
      transport: this.#transport,
      on,
      inputs,
      options,
      defaults: { prefetch: this.#prefetch, headers: this.#headers(options.headers) },
      shutdown: this.#shutdown,
      clock: this.#clock,
      random: this.#random,
    })
  }

  async *#responses(on: string, inputs: unknown, options: StreamOptions): AsyncGenerator<Response> {
    const talk = await this.#converse(on, inputs, options)
    try {
      for (;;) {
        const answer = await talk.next()
        if (answer === undefined) return
        yield new Response(answer)
      }
    } finally {
      talk.close()
    }
  }
}
