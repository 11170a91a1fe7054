import { MillraceError } from '../../../errors.js'
import type { Message } from '../../../grpc/frame.js'
import { deferred } from '../../../lib/deferred.js'
import { decodeHealthRequest, encodeHealthResponse, type ServingStatus } from '../../../wire/health.js'
import { type ItemsMethod, noTrailers, type UnaryMethod } from './method.js'

/** `grpc.health.v1`: '' and every advertised service are SERVING from `start` until `stop`, NOT_SERVING otherwise. */
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
    answer: (bytes, { signal }) => this.#watch(decodeHealthRequest(bytes), signal),
  }

  readonly #services: ReadonlySet<string>
  #state: 'starting' | 'serving' | 'stopped' = 'starting'
  #change = deferred()

  constructor(services: Iterable<string>) {
    this.#services = new Set(services)
  }

  start(): void {
    if (this.#state === 'starting') this.#become('serving')
  }

  stop(): void {
    this.#become('stopped')
  }

  #become(state: 'serving' | 'stopped'): void {
    this.#state = state
    const change = this.#change
    this.#change = deferred()
    change.resolve()
  }

  async *#watch(service: string, signal: AbortSignal): AsyncGenerator<Message> {
    const gone = deferred()
    signal.addEventListener('abort', () => gone.resolve(), { once: true })
    const isKnown = this.#known(service)
    if (!isKnown) yield encode('SERVICE_UNKNOWN')
    while (!signal.aborted) {
      const change = this.#change.promise
      if (isKnown) yield this.#status()
      if (this.#state === 'stopped') return
      await Promise.race([change, gone.promise])
    }
  }

  #known(service: string): boolean {
    return service === '' || this.#services.has(service)
  }

  #status(): Message {
    return encode(this.#state === 'serving' ? 'SERVING' : 'NOT_SERVING')
  }
}

function encode(status: ServingStatus): Message {
  return [encodeHealthResponse(status)]
}
