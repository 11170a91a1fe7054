/** A line of a container, with the time at which the platform got it. */
export interface TimedLine {
  /** Time in UTC with nanoseconds: `2026-11-30T12:00:00.123456789`. Stamps are ordered as texts are. */
  readonly stamp: string
  readonly text: string
}

const form = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ?/

/** Parses a line with its time in front; null for a line without, which the platform says itself. */
export function parseTimed(line: string): TimedLine | null {
  const [whole, second, fraction = '', zone] = form.exec(line) ?? []
  if (whole === undefined) return null
  const time = Date.parse(`${second}${zone}`)
  if (Number.isNaN(time)) return null
  const stamp = `${new Date(time).toISOString().slice(0, 19)}.${fraction.padEnd(9, '0')}`
  return { stamp, text: line.slice(whole.length) }
}

/** Milliseconds since the epoch. */
export function timeOf(stamp: string): number {
  return Date.parse(`${stamp.slice(0, 23)}Z`)
}
