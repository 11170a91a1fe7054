import { setImmediate as nextTurn } from 'node:timers/promises'
import { Budget } from '../../src/budget/budget.js'
import type { Call } from '../../src/call/call.js'
import { Document } from '../../src/document/document.js'
import { DocumentArray } from '../../src/document/document-array.js'
import { MillraceError } from '../../src/errors.js'
import { connectionBytes } from '../../src/gateway/protocols/grpc/connection.js'
import { GrpcServer } from '../../src/gateway/protocols/grpc/server.js'
import { ServingState } from '../../src/gateway/serving-state.js'
import type { Serving } from '../../src/gateway/serving.js'
import { below, type Random } from '../../src/http2/generated-blocks.suite.js'
import type { Clock } from '../../src/lib/clock.js'
import type { DataRequest } from '../../src/wire/data-request.js'
import { must } from './sent-frames.js'

const maxBytes = 16 * 1024 * 1024
const maxMessageBytes = 2 * 1024 * 1024

/** Turns of the event loop, some seconds: compressing an answer takes milliseconds, more on a busy machine. */
const mostTurns = 1_000_000

/** The gateway's gRPC server, in front of a Flow that answers, streams, fails and waits by chance. */
export class FuzzedGateway {
  readonly server: GrpcServer
  /** Decides what the Flow does. */
  random: Random = Math.random
  /** Requests that were not answered yet. */
  unanswered = 0
  readonly #budget = new Budget(maxBytes)

  constructor(clock: Clock) {
    const serving: Serving = {
      handle: (request, call) => this.#handle(request, call),
      isFull: () => false,
      describe: () => ({ endpoints: [], writeEndpoints: [], streamEndpoints: [], schemas: {} }),
      misdirected: () => null,
      state: new ServingState(),
      prefetch: 100,
      maxMessageBytes,
      limits: {
        maxBytes,
        maxConnections: null,
        maxCalls: 100,
        stallMs: 10_000,
        handshakeMs: 10_000,
        handshakesPerSecond: 500,
        idleMs: null,
      },
      budget: this.#budget,
      timeoutMs: 60_000,
    }
    this.server = new GrpcServer(serving, clock)
  }

  /** Nothing is held for a connection but what each takes, once answers that were being compressed have left their threads. */
  async mustHoldOnly(connections: number): Promise<void> {
    for (let turn = 0; this.#budget.used > connections * connectionBytes && turn < mostTurns; turn++)
      await nextTurn()
    must(this.#budget.used === connections * connectionBytes, `${this.#budget.used} bytes are held`)
    must(this.unanswered === 0, `${this.unanswered} requests go on`)
  }

  async #handle(request: DataRequest, call: Call): Promise<DataRequest> {
    this.unanswered++
    try {
      return await this.#answer(request, call)
    } finally {
      this.unanswered--
    }
  }

  async #answer(request: DataRequest, call: Call): Promise<DataRequest> {
    const { random } = this
    if (random() < 0.3) await nextTurn()
    const answer = request.answer()
    switch (below(random, 8)) {
      case 0:
        throw new MillraceError('INVALID_INPUT', 'the Flow refuses – ö%'.repeat(1 + below(random, 300)))
      case 1:
        if (call.aborted === undefined)
          await new Promise<void>((resolve) => call.onAbort({ abort: () => resolve() }))
        throw call.aborted!
      case 2:
        answer.docs = new DocumentArray([new Document({ blob: new Uint8Array(below(random, 300_000)) })])
        break
      default:
    }
    if (call.items === undefined) return answer
    for (let item = below(random, 10); item > 0 && call.aborted === undefined; item--)
      await call.items.push(answer)
    if (call.aborted !== undefined) throw call.aborted
    return answer
  }
}
