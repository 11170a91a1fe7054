import { setTimeout as sleep } from 'node:timers/promises'

/** Time source of loops that poll a cluster. `sleep` keeps the process alive, because the caller awaits the start. */
export interface Pace {
  /** Monotonic milliseconds. */
  now(): number
  sleep(ms: number): Promise<void>
}

export const systemPace: Pace = { now: () => performance.now(), sleep: (ms) => sleep(ms) }
