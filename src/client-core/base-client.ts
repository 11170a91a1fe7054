import type { Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import type { Logger } from '../observe/logger.js'
import { conversation } from './conversation.js'
import { type Input, type Inputs, toDocument } from './inputs.js'
import {
  checkEndpoint,
  checkOptions,
  optionRules,
  type PostOptions,
  type SendOptions,
  type StreamOptions,
} from './options.js'
import { post, type StartBar } from './post.js'
import { Response } from './response.js'
import { Shutdown } from './shutdown.js'
import { streamDocuments } from './stream-doc.js'
import { withToken } from './token.js'
import type { Transport } from './transport.js'

/** Options of every `Client`. */
export interface BaseClientOptions {
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
  /** Receives failures that are logged instead of thrown (`continueOnError`). */
  readonly logger?: Logger
}

/** Replacements for the network, the clock and the random source of a client. */
export interface ClientSeams {
  readonly transport?: Transport
  readonly clock?: Clock
  readonly random?: () => number
}

/** What a client needs of the platform that it runs on. */
export interface ClientParts {
  readonly transport: Transport
  readonly logger: Logger
  /** Draws the progress bar of `showProgress`; throws where there is none. */
  readonly startBar: StartBar
  /** The form of documents for the user, if it is not Documents. */
  readonly form?: DocumentForm | undefined
  readonly clock?: Clock | undefined
  readonly random?: (() => number) | undefined
}

/** Documents of the user in another form, which the types of the client tell. */
export interface DocumentForm {
  /** Documents, or what else inputs may be. Throws INVALID_INPUT. */
  inputs(inputs: unknown): unknown
  input(input: unknown): unknown
  documents(documents: DocumentArray): DocumentArray
  stream(documents: AsyncIterable<Document>): AsyncIterable<Document>
}

type Headers = Readonly<Record<string, string>>

interface WithDone {
  readonly onDone: (...args: never[]) => unknown
}
interface WithAlways {
  readonly onAlways: (...args: never[]) => unknown
}

/** What `post` resolves with: nothing with `onDone` or `onAlways`, responses with `returnResponses`, else documents. */
export type PostResult<O extends PostOptions> = O extends WithDone | WithAlways
  ? undefined
  : O extends { readonly returnResponses: true }
    ? Response[]
    : DocumentArray

/** The methods of a client, on Node and in browsers, over any transport. */
export class BaseClient {
  readonly #transport: Transport
  readonly #prefetch: number | undefined
  readonly #headers: (own?: Headers) => Headers
  readonly #logger: Logger
  readonly #startBar: StartBar
  readonly #clock: Clock
  readonly #random: () => number
  readonly #shutdown = new Shutdown()
  readonly #form: DocumentForm | undefined

  /** The caller has checked the options. */
  constructor({ prefetch, headers = {}, token }: BaseClientOptions, parts: ClientParts) {
    this.#form = parts.form
    this.#transport = parts.transport
    this.#prefetch = prefetch
    this.#headers = token === undefined ? () => headers : (own) => withToken(headers, token, own)
    this.#logger = parts.logger
    this.#startBar = parts.startBar
    this.#clock = parts.clock ?? systemClock
    this.#random = parts.random ?? Math.random
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
    const plan = {
      on,
      options: given,
      logger: this.#logger,
      startBar: this.#startBar,
      read: this.#form?.documents,
    }
    const result = await post(this.#converse(on, inputs, given), plan)
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
    const input = toDocument(this.#form?.input(document) ?? document)
    const documents = streamDocuments(this.#transport, {
      on,
      document: input,
      options: { ...options, headers: { ...this.#headers(options.headers), ...options.headers } },
      shutdown: this.#shutdown,
      clock: this.#clock,
    })
    return this.#form?.stream(documents) ?? documents
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

  /** Closes it at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #converse(on: string, inputs: unknown, options: StreamOptions): ReturnType<typeof conversation> {
    return conversation({
      transport: this.#transport,
      on,
      inputs: this.#form?.inputs(inputs) ?? inputs,
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
        yield new Response(answer, this.#form?.documents)
      }
    } finally {
      talk.close()
    }
  }
}
