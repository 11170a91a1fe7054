/** Requests per second at each hour of a day: few at night, a rise in the morning, two peaks. */
const perSecond = [
  60, 50, 40, 40, 40, 60, 100, 180, 260, 320, 360, 380, 400, 390, 400, 380, 340, 300, 320, 340, 280, 200, 130,
  80,
]

/** Virtual milliseconds per hour: the day is compressed, so that delays of seconds are visible. */
export const hourMs = 10_000
export const hours = perSecond.length
export const dayMs = hours * hourMs

/** Requests per second at a time of the day, with linear interpolation between full hours. */
export function rateAt(ms: number): number {
  const hour = Math.min(ms / hourMs, hours)
  const before = perSecond[Math.floor(hour) % hours]!
  const after = perSecond[(Math.floor(hour) + 1) % hours]!
  return before + (after - before) * (hour % 1)
}
