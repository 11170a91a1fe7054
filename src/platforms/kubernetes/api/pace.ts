import { setTimeout as sleep } from 'node:timers/promises'

/** Time for loops that wait for a cluster. They keep the process alive: whoever starts a Flow waits for it. */
export interface Pace {
  /** Monotonic milliseconds. */
  now(): number
  sleep(ms: number): Promise<void>
}

export const systemPace: Pace = { now: () => performance.now(), sleep: (ms) => sleep(ms) }
