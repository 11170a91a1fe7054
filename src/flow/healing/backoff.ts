const firstMs = 100
const longestMs = 10_000

/**
 * Milliseconds to wait before restarting a replica after its `deaths`th death in a row: 0 after the first, then 100 ms,
 * doubled each time, at most 10 s. Half of the wait is jitter (`random` in [0, 1)), so that replicas that died together do
 * not restart together.
 */
export function backoffMs(deaths: number, random: () => number): number {
  if (deaths <= 1) return 0
  const whole = Math.min(longestMs, firstMs * 2 ** (deaths - 2))
  return whole / 2 + (whole / 2) * random()
}
