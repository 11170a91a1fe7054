import type { Clock } from '../lib/clock.js'
import type { HostSource, OnHosts } from './host-source.js'
import type { Lookup } from './lookup.js'

/** Interval of lookups. */
const everyMs = 1000

/** Consecutive empty lookups before the list becomes empty: a restarting name server knows no names for a while. */
const looksWithoutAnybody = 3

export interface PolledTools {
  readonly clock: Clock
  readonly lookup: Lookup
}

/**
 * The addresses of a host name, looked up every second. While a lookup fails, the last addresses are kept.
 */
export class PolledHosts implements HostSource {
  readonly #name: string
  readonly #tools: PolledTools
  #cancel: () => void = () => {}
  #empty = 0
  #closed = false

  constructor(name: string, tools: PolledTools) {
    this.#name = name
    this.#tools = tools
  }

  open(found: OnHosts): Promise<void> {
    return this.#look(found)
  }

  close(): void {
    this.#closed = true
    this.#cancel()
  }

  async #look(found: OnHosts): Promise<void> {
    const { clock, lookup } = this.#tools
    const hosts = await lookup(this.#name).catch(() => null)
    if (this.#closed) return
    this.#cancel = clock.after(everyMs, () => void this.#look(found)) // never rejects
    if (hosts === null) return
    this.#empty = hosts.length === 0 ? this.#empty + 1 : 0
    if (this.#empty === 0 || this.#empty >= looksWithoutAnybody) found(new Set(hosts))
  }
}
