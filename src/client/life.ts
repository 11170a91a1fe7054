import type { MillraceError } from '../errors.js'

/** Of a client: calls in flight end with it. A set and not an AbortSignal, whose listeners cost microseconds a call. */
export class Life {
  readonly #watchers = new Set<(reason: MillraceError) => void>()
  #over: MillraceError | undefined

  /** Why it ended; undefined while it has not. */
  get over(): MillraceError | undefined {
    return this.#over
  }

  watch(watcher: (reason: MillraceError) => void): void {
    this.#watchers.add(watcher)
  }

  unwatch(watcher: (reason: MillraceError) => void): void {
    this.#watchers.delete(watcher)
  }

  /** The first reason stays. */
  end(reason: MillraceError): void {
    if (this.#over !== undefined) return
    this.#over = reason
    for (const watcher of [...this.#watchers]) watcher(reason)
  }
}
