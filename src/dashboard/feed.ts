// Invariants
// 1. The Flow is asked only while somebody listens, and one question at a time.
// 2. It is asked at once when it tells of a change, else once a second.
import type { FlowStatus } from '../control/status.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { pause } from '../lib/pause.js'
import type { Watched } from './watched.js'

/** What a page is told: the status of its Flow, or why that is not known. */
export type Look = { readonly status: FlowStatus } | { readonly problem: string }

const intervalMs = 1000

/** Changes come in bursts, as when a Flow starts; between two looks is at least this time. */
const burstMs = 50

/** Looks at a Flow as long as somebody listens. */
export class Feed {
  readonly #watched: Pick<Watched, 'status' | 'changed'>
  readonly #clock: Clock
  readonly #listeners = new Set<(look: Look) => void>()
  #last: Look | undefined
  #running: AbortController | undefined

  constructor(watched: Pick<Watched, 'status' | 'changed'>, clock: Clock) {
    this.#watched = watched
    this.#clock = clock
  }

  /** Tells each look, beginning with the last one if somebody listens already. The returned function ends that. */
  listen(listener: (look: Look) => void): () => void {
    this.#listeners.add(listener)
    if (this.#running === undefined)
      void this.#run() // never rejects
    else if (this.#last !== undefined) listener(this.#last)
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#stop()
    }
  }

  close(): void {
    this.#listeners.clear()
    this.#stop()
  }

  #stop(): void {
    this.#running?.abort()
    this.#running = undefined
    this.#last = undefined
  }

  async #run(): Promise<void> {
    const running = new AbortController()
    this.#running = running
    const { signal } = running
    let told: Promise<void> | undefined
    while (!signal.aborted) {
      // begun before the look, so that no change after it is missed
      told ??= this.#changed(signal).finally(() => {
        told = undefined
      })
      const changed = told
      const look = await this.#look()
      if (signal.aborted) return
      this.#last = look
      for (const listener of this.#listeners) listener(look)
      await pause(burstMs, { signal, clock: this.#clock })
      const over = new AbortController()
      const late = AbortSignal.any([signal, over.signal])
      await Promise.race([changed, pause(intervalMs - burstMs, { signal: late, clock: this.#clock })])
      over.abort()
    }
  }

  async #look(): Promise<Look> {
    try {
      return { status: await this.#watched.status() }
    } catch (error) {
      return { problem: MillraceError.from(error).message }
    }
  }

  /** Where nobody tells of changes, and when that fails, the interval has to do. */
  async #changed(signal: AbortSignal): Promise<void> {
    try {
      if (this.#watched.changed !== undefined) return await this.#watched.changed(signal)
    } catch {}
    await pause(intervalMs, { signal, clock: this.#clock })
  }
}
