import type { Call } from '../../../call/call.js'
import { MillraceError } from '../../../errors.js'
import type { Message } from '../../../grpc/frame.js'
import { deferred } from '../../../lib/deferred.js'
import { decodeHealthRequest, encodeHealthResponse, type ServingStatus } from '../../../wire/health.js'
import type { ServingState } from '../../serving-state.js'
import { type ItemsMethod, noTrailers, type Send, type Trailers, type UnaryMethod } from './method.js'

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

  /** Sends each change of the status; ends after NOT_SERVING, once that is final. */
  readonly watch: ItemsMethod = {
    kind: 'items',
    answer: async (bytes, call, send) => this.#watch(decodeHealthRequest(bytes), call, send),
  }

  readonly #services: ReadonlySet<string>
  readonly #state: ServingState

  constructor(services: Iterable<string>, state: ServingState) {
    this.#services = new Set(services)
    this.#state = state
  }

  async #watch(service: string, call: Call, send: Send): Promise<Trailers> {
    const gone = deferred()
    call.onAbort({ abort: () => gone.resolve() })
    const isKnown = this.#known(service)
    if (!isKnown) await send(encode('SERVICE_UNKNOWN'))
    while (call.aborted === undefined) {
      const change = this.#state.changed
      if (isKnown) await send(this.#status())
      if (this.#state.isStopped) break
      await Promise.race([change, gone.promise])
    }
    return noTrailers
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
