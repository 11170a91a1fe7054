/** Time, passed in wherever something waits or measures, so that tests move it by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Monotonic milliseconds, with fractions. */
  monotonic(): number
  /** Calls `wake` once after `ms`; the returned function cancels. Never keeps the process alive. */
  after(ms: number, wake: () => void): () => void
}

/** Node's longest timer; a longer one fires at once (Node's `setTimeout`). */
const longestTimerMs = 2 ** 31 - 1

/** Node's timers and clocks. Its timers do not keep the process alive; a timer longer than 24 days never fires. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, wake) {
    if (ms > longestTimerMs) return () => {}
    const timer = setTimeout(wake, Math.max(0, ms))
    if (typeof timer === 'object') timer.unref()
    return () => clearTimeout(timer)
  },
}
