import type { Call } from '../../../call/call.js'
import { MillraceError } from '../../../errors.js'
import type { Message } from '../../../grpc/frame.js'
import { deferred } from '../../../lib/deferred.js'
import { decodeHealthRequest, encodeHealthResponse, type ServingStatus } from '../../../wire/health.js'
import type { ServingState } from '../serving-state.js'
import { type ItemsMethod, noTrailers, type UnaryMethod } from './method.js'

/** `grpc.health.v1`: '' and every advertised service are SERVING while the gateway serves, NOT_SERVING otherwise. */
export class Health {
  readonly check: UnaryMethod = {
    kind: 'unary',
    answer: async (bytes) => {
      const service = decodeHealthRequest(bytes)
      if (!this.#known(service)) {
        throw new MillraceError('NOT_FOUND', `There is no service ${JSON.stringify(service)} here.`)
      }
      return { message: this.#status(), trailers: noTrailers }
    },
  }

  /** Tells each change; ends when it will not be SERVING again. */
  readonly watch: ItemsMethod = {
    kind: 'items',
    answer: (bytes, call) => this.#watch(decodeHealthRequest(bytes), call),
  }

  readonly #services: ReadonlySet<string>
  readonly #state: ServingState

  constructor(services: Iterable<string>, state: ServingState) {
    this.#services = new Set(services)
    this.#state = state
  }

  async *#watch(service: string, call: Call): AsyncGenerator<Message> {
    const gone = deferred()
    call.onAbort({ abort: () => gone.resolve() })
    const isKnown = this.#known(service)
    if (!isKnown) yield encode('SERVICE_UNKNOWN')
    while (call.aborted === undefined) {
      const change = this.#state.changed
      if (isKnown) yield this.#status()
      if (this.#state.isStopped) return
      await Promise.race([change, gone.promise])
    }
  }

  #known(service: string): boolean {
    return service === '' || this.#services.has(service)
  }

  #status(): Message {
    return encode(this.#state.isServing ? 'SERVING' : 'NOT_SERVING')
  }
}

function encode(status: ServingStatus): Message {
  return [encodeHealthResponse(status)]
}
