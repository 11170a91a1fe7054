import type { Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { createLogger, type Logger } from '../observe/logger.js'
import { defaultMaxMessageBytes } from '../transport/grpc/peer.js'
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
import { Life } from './life.js'
import { post } from './post.js'
import { Response } from './response.js'
import type { Road } from './road.js'
import { grpcRoad } from './roads/grpc.js'
import { streamDocuments } from './stream-doc.js'

export interface ClientOptions {
  /** `grpc://host:port`, or `grpcs://host:port` for TLS. */
  readonly host: string
  /** The largest message sent or taken, in bytes; 256 MiB by default. */
  readonly maxMessageBytes?: number
  /** Requests in flight, for calls that do not say; 1000 by default, 0 is no limit. */
  readonly prefetch?: number
  /** Metadata of every call; those of a call win. */
  readonly headers?: Readonly<Record<string, string>>
  /** Where failures go that are not raised (`continueOnError`); lines on stderr by default. */
  readonly logger?: Logger
}

/** What a client stands on, when it is not the network, the clock and chance. */
export interface ClientSeams {
  /** Instead of a gRPC connection to `host`. */
  readonly road?: Road
  readonly clock?: Clock
  readonly random?: () => number
}

/** What `post` gives: nothing with `onDone` or `onAlways`, responses with `returnResponses`, else documents. */
export type PostResult<O extends PostOptions> = O extends
  | { readonly onDone: (...args: never[]) => unknown }
  | { readonly onAlways: (...args: never[]) => unknown }
  ? undefined
  : O extends { readonly returnResponses: true }
    ? Response[]
    : DocumentArray

/**
 * Sends documents to a Flow, or to one Executor that is served alone, over gRPC. One connection for its whole life, made at
 * the first call and made again when it was lost.
 *
 * Throws INVALID_OPTION, UNKNOWN_OPTION, and UNSUPPORTED for hosts of other protocols.
 *
 * @example
 * await using client = new Client({ host: 'grpc://127.0.0.1:54321' })
 * const found = await client.post('/search', [{ text: 'water' }], { parameters: { limit: 3 } })
 */
export class Client {
  readonly #road: Road
  readonly #prefetch: number | undefined
  readonly #headers: Readonly<Record<string, string>>
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #random: () => number
  readonly #life = new Life()

  constructor(options: ClientOptions, seams: ClientSeams = {}) {
    checkOptions('Client', options, clientRules())
    const { host, port, tls } = parseHost(options.host)
    const maxMessageBytes = options.maxMessageBytes ?? defaultMaxMessageBytes
    this.#road = seams.road ?? grpcRoad({ host, port, tls, maxMessageBytes })
    this.#prefetch = options.prefetch
    this.#headers = options.headers ?? {}
    this.#logger = options.logger ?? createLogger('client')
    this.#clock = seams.clock ?? systemClock
    this.#random = seams.random ?? Math.random
  }

  /**
   * Sends inputs in requests of `requestSize` documents and gives what came back, in order of completion, as one
   * DocumentArray; with `returnResponses` the responses; with `onDone` or `onAlways` nothing.
   *
   * Without inputs, and for an empty array, one request without documents is sent; for a generator that ends without a
   * document none is, and the result is empty.
   * Documents of failed responses (with `onError` or `continueOnError`) are not in the DocumentArray.
   *
   * Rejects with INVALID_OPTION, UNKNOWN_OPTION, INVALID_INPUT, INPUT_FAILED, CALLBACK_FAILED; EXECUTOR_FAILED when a
   * response failed; UNAVAILABLE and its like when the road did; DEADLINE_EXCEEDED and CANCELLED.
   */
  async post<const O extends PostOptions>(on: string, inputs?: Inputs, options?: O): Promise<PostResult<O>> {
    const given: PostOptions = options ?? {}
    checkEndpoint(on)
    checkOptions('post', given, optionRules.post)
    const result = await post(this.#converse(on, inputs, given), { on, options: given, logger: this.#logger })
    return result as PostResult<O>
  }

  /** As `post`, one response after the other, failed ones too. Leaving the loop cancels what is under way. */
  stream(on: string, inputs?: Inputs, options: StreamOptions = {}): AsyncIterable<Response> {
    checkEndpoint(on)
    checkOptions('stream', options, optionRules.stream)
    return this.#responses(on, inputs, options)
  }

  /** One document to an endpoint whose handler is a generator; documents as it gives them. */
  streamDoc(on: string, document: Input, options: SendOptions = {}): AsyncIterable<Document> {
    checkEndpoint(on)
    checkOptions('streamDoc', options, optionRules.streamDoc)
    const input = toDocument(document)
    return streamDocuments(this.#road, {
      on,
      document: input,
      options: { ...options, headers: { ...this.#headers, ...options.headers } },
      life: this.#life,
      clock: this.#clock,
    })
  }

  /** True when a request through every stage succeeds; false when it fails or nobody is there. `timeoutMs`: 5000. */
  async isReady(options: { readonly timeoutMs?: number } = {}): Promise<boolean> {
    const deadline = this.#clock.now() + (options.timeoutMs ?? 5_000)
    try {
      return await this.#road.dryRun({ deadline, headers: this.#headers })
    } catch {
      return false
    }
  }

  /** Ends calls in flight with CANCELLED and closes the connection. Idempotent. */
  async close(): Promise<void> {
    const reason = new MillraceError('CANCELLED', 'The client was closed.')
    this.#life.end(reason)
    await this.#road.close(reason)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #converse(on: string, inputs: unknown, options: StreamOptions): ReturnType<typeof conversation> {
    return conversation({
      road: this.#road,
      on,
      inputs,
      options,
      defaults: { prefetch: this.#prefetch, headers: this.#headers },
      life: this.#life,
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
