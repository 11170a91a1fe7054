import type { Clock } from './clock.js'

/** Upper limit of the time reserved for the second close, in milliseconds; less when a quarter of the whole time is less. */
const mostKeptMs = 1000

/** Closes something that may take `graceMs`. */
export type Close = (graceMs: number) => Promise<void>

/**
 * Closes one thing and then another, both within `graceMs`. The second gets the time that the first leaves, and at least a
 * reserved part. Half of that part is left for ending what has not closed by then.
 */
export async function closeInTurn(
  [first, second]: readonly [Close, Close],
  graceMs: number,
  clock: Clock,
): Promise<void> {
  const keptMs = Math.min(mostKeptMs, graceMs / 4)
  const endsAt = clock.monotonic() + graceMs
  await first(graceMs - keptMs)
  await second(Math.max(keptMs, endsAt - clock.monotonic()) - keptMs / 2)
}
