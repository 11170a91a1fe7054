import type { Clock } from '../../lib/clock.js'
import { deferred } from '../../lib/deferred.js'
import type { HostSource, OnHosts } from '../host-source.js'
import type { EndpointWatch, Subscriber } from './endpoint-watch.js'

/** How long a start waits for the first list, so that the first request finds a server. */
const firstAnswerMs = 2000

export interface WatchedTools {
  readonly watch: EndpointWatch
  readonly clock: Clock
  /** Source to use while the watch has no state. */
  fallback(): HostSource
}

/** The pods of a Service according to its EndpointSlices; falls back to another source while they cannot be watched. */
export class WatchedHosts implements HostSource {
  readonly #tools: WatchedTools
  readonly #subscriber: Subscriber
  readonly #answered = deferred()
  #fallback: HostSource | undefined
  #found: OnHosts = () => {}

  constructor(service: string, tools: WatchedTools) {
    this.#tools = tools
    this.#subscriber = {
      service,
      found: (hosts) => this.#see(hosts),
      blind: () => this.#lookElsewhere(),
    }
    tools.watch.subscribe(this.#subscriber)
  }

  async open(found: OnHosts): Promise<void> {
    this.#found = found
    const cancel = this.#tools.clock.after(firstAnswerMs, () => this.#answered.resolve())
    this.#tools.watch.open()
    await this.#answered.promise
    cancel()
  }

  close(): void {
    this.#tools.watch.unsubscribe(this.#subscriber)
    this.#fallback?.close()
  }

  #see(hosts: ReadonlySet<string>): void {
    this.#fallback?.close()
    this.#fallback = undefined
    this.#found(hosts)
    this.#answered.resolve()
  }

  #lookElsewhere(): void {
    this.#fallback = this.#tools.fallback()
    void this.#fallback.open(this.#found).then(() => this.#answered.resolve()) // never rejects
  }
}
