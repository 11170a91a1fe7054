import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Wait } from '../../../budget/progress.js'
import { hasBody } from './answer-writer.js'

/** The part of a Fastify reply that an exchange needs. */
export interface Hijackable {
  /** After it, Fastify sends nothing more. */
  hijack(): unknown
}

/**
 * The answer to a request that Fastify writes itself, for a route of the user's. The exchange counts and limits what arrives
 * and what is sent, and can take the answer over while nothing was sent.
 *
 * 1. Every byte of the body is offered to `arrived` before anybody can read it, whichever plugin reads the body.
 * 2. After `takeOver`, Fastify sends nothing, and what arrives is dropped.
 */
export class ForeignAnswer {
  readonly #message: IncomingMessage
  readonly #response: ServerResponse
  readonly #reply: Hijackable
  #isTaken = false

  /** `arrived` gets the number of bytes of each part of the body; false drops the part. */
  constructor(
    message: IncomingMessage,
    response: ServerResponse,
    { reply, arrived }: { readonly reply: Hijackable; arrived(bytes: number): boolean },
  ) {
    this.#message = message
    this.#response = response
    this.#reply = reply
    const push = message.push.bind(message) as (chunk: Buffer | null) => boolean
    // Node's parser calls it for each part of the body, and stops reading the socket when it returns false
    message.push = (chunk: Buffer | null) =>
      chunk !== null && (this.#isTaken || !arrived(chunk.length)) ? true : push(chunk)
  }

  /** Whether the whole answer was handed to the system. */
  get isSent(): boolean {
    return this.#response.writableFinished && !this.#isTaken
  }

  /** Whether the client has got a part of the answer that cannot be completed any more. */
  get isCut(): boolean {
    return this.#response.headersSent && !this.#response.writableEnded
  }

  get status(): number {
    return this.#response.statusCode
  }

  /** Whether the rest of the body is expected. It is not while nobody reads what has arrived. */
  get isReading(): boolean {
    const message = this.#message
    const isFull = message.readableLength >= message.readableHighWaterMark
    return !message.complete && hasBody(message) && !isFull
  }

  /** What the server waits for while nothing of an answer is unsent. */
  wait(received: number): Wait {
    if (this.#response.writableEnded) return { kind: 'leaving', count: 0 }
    return this.isReading ? { kind: 'sending', count: received } : { kind: 'nothing', count: 0 }
  }

  takeOver(): void {
    this.#isTaken = true
    this.#reply.hijack()
  }
}
