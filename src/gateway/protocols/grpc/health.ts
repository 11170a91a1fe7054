import { MillraceError } from '../../../errors.js'
import { type Deferred, deferred } from '../../../lib/deferred.js'
import { decodeHealthRequest, encodeHealthResponse, type ServingStatus } from '../../../wire/health.js'
import { type ItemsMethod, type Message, noTrailers, type UnaryMethod } from './method.js'

/** `grpc.health.v1`: '' and every advertised service are SERVING until `stop`, NOT_SERVING afterwards. */
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

  /** Ends after it has said NOT_SERVING. */
  readonly watch: ItemsMethod = {
    kind: 'items',
    answer: (bytes, { signal }) => this.#watch(decodeHealthRequest(bytes), signal),
  }

  readonly #services: ReadonlySet<string>
  readonly #stopped: Deferred<void> = deferred()
  #serving = true

  constructor(services: Iterable<string>) {
    this.#services = new Set(services)
  }

  stop(): void {
    this.#serving = false
    this.#stopped.resolve()
  }

  async *#watch(service: string, signal: AbortSignal): AsyncGenerator<Message> {
    yield this.#known(service) ? this.#status() : encode('SERVICE_UNKNOWN')
    if (!this.#serving) return
    const gone = deferred()
    signal.addEventListener('abort', () => gone.resolve(), { once: true })
    await Promise.race([this.#stopped.promise, gone.promise])
    if (!signal.aborted && this.#known(service)) yield this.#status()
  }

  #known(service: string): boolean {
    return service === '' || this.#services.has(service)
  }

  #status(): Message {
    return encode(this.#serving ? 'SERVING' : 'NOT_SERVING')
  }
}

function encode(status: ServingStatus): Message {
  return [encodeHealthResponse(status)]
}
