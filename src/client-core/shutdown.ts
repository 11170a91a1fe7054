import type { MillraceError } from '../errors.js'

/** A client's shutdown, which ends its calls in flight. A set, because an AbortSignal's listeners cost microseconds per call. */
export class Shutdown {
  readonly #watchers = new Set<(reason: MillraceError) => void>()
  #reason: MillraceError | undefined

  /** Why the client was closed; undefined while it is open. */
  get reason(): MillraceError | undefined {
    return this.#reason
  }

  watch(watcher: (reason: MillraceError) => void): void {
    this.#watchers.add(watcher)
  }

  unwatch(watcher: (reason: MillraceError) => void): void {
    this.#watchers.delete(watcher)
  }

  /** Tells every watcher. Only the first call counts. */
  begin(reason: MillraceError): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    for (const watcher of [...this.#watchers]) watcher(reason)
  }
}
