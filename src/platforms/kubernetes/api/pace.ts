import { setTimeout as sleep } from 'node:timers/promises'

/** Time source of loops that poll a cluster. `sleep` keeps the process alive, because the caller awaits the start. */
export interface Pace {
  /** Monotonic milliseconds. */
  now(): number
  /** Resolves early when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemPace: Pace = {
  now: () => performance.now(),
  async sleep(ms, signal) {
    await sleep(ms, undefined, { signal }).catch(() => {})
  },
}
