const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }

/** Parses `grpc-timeout` into milliseconds: at most eight digits and a unit. `Infinity` if absent, NaN if malformed. */
export function parseTimeout(value: string | string[] | undefined): number {
  if (value === undefined) return Number.POSITIVE_INFINITY
  const match = /^(\d{1,8})([HMSmun])$/.exec(String(value))
  return match === null ? Number.NaN : Number(match[1]) * unitMs[match[2]!]!
}

/** Formats milliseconds as `grpc-timeout`, at least one. */
export function formatTimeout(leftMs: number): string {
  const ms = Math.max(1, Math.ceil(leftMs))
  return ms < 1e8 ? `${ms}m` : `${Math.min(99_999_999, Math.ceil(ms / 1000))}S`
}
