import type { Clock } from './clock.js'

/** Of the whole time, at most; a quarter of it where that is less. */
const mostKeptMs = 1000

/** Closes something that may take `graceMs`. */
export type Close = (graceMs: number) => Promise<void>

/**
 * Closes one thing and then another, both within `graceMs`. The second gets what the first leaves, and some of it is kept
 * for it in any case. Half of what is kept is for ending what is not closed by then.
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
