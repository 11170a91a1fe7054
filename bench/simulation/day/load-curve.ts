/** Requests a second at each hour of a day: few at night, a morning's rise, two humps. */
const perSecond = [
  60, 50, 40, 40, 40, 60, 100, 180, 260, 320, 360, 380, 400, 390, 400, 380, 340, 300, 320, 340, 280, 200, 130,
  80,
]

/** Virtual milliseconds of an hour: the day is compressed, so that delays of seconds can be seen in it. */
export const hourMs = 10_000
export const hours = perSecond.length
export const dayMs = hours * hourMs

/** Requests a second at a time of the day, in between the full hours on a straight line. */
export function rateAt(ms: number): number {
  const hour = Math.min(ms / hourMs, hours)
  const before = perSecond[Math.floor(hour) % hours]!
  const after = perSecond[(Math.floor(hour) + 1) % hours]!
  return before + (after - before) * (hour % 1)
}
