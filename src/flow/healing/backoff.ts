const firstMs = 100
const longestMs = 10_000

/**
 * Milliseconds before a replica that died for the `deaths`th time in a row is started again: at once after the first,
 * then 100 ms, doubled each time, 10 s at most. Half of it is left to chance (`random` in [0, 1)), so that replicas that
 * died together do not come back together.
 */
export function backoffMs(deaths: number, random: () => number): number {
  if (deaths <= 1) return 0
  const whole = Math.min(longestMs, firstMs * 2 ** (deaths - 2))
  return whole / 2 + (whole / 2) * random()
}
