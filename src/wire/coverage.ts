/** Key under which the parameters of a response list, by stage, which shards took part in it. */
export const coverageKey = '__coverage__'

/** Which shards took part in an answer. `total` is the sum of the other three. */
export interface Coverage {
  readonly total: number
  /** Shards whose answer is included. */
  readonly ok: number
  /** Shards whose answer is missing: they failed, or were too late. */
  readonly failed: number
  /** Shards that were not needed, or were cancelled after another shard had failed. */
  readonly skipped: number
  /** Why shards failed; absent when none did. */
  readonly failures?: readonly ShardFailure[]
}

/** Why a shard has no part in an answer. */
export interface ShardFailure {
  /** `exec/shard-1` */
  readonly shard: string
  /** A code of the error catalogue. */
  readonly code: string
  readonly message: string
}

/** By name of the stage. */
export type Coverages = Readonly<Record<string, Coverage>>

/** The coverage in the parameters of an answer; undefined when no stage had several shards. */
export function coverageOf(parameters: Readonly<Record<string, unknown>>): Coverages | undefined {
  const given = parameters[coverageKey]
  if (typeof given !== 'object' || given === null) return undefined
  const known = Object.entries(given).filter((entry): entry is [string, Coverage] => isCoverage(entry[1]))
  return known.length === 0 ? undefined : Object.fromEntries(known)
}

/** The sum over all stages. */
export function sumCoverage(coverages: Coverages): Coverage {
  const all = Object.values(coverages)
  const sum = (count: (coverage: Coverage) => number): number =>
    all.reduce((total, coverage) => total + count(coverage), 0)
  const failures = all.flatMap((coverage) => coverage.failures ?? [])
  return {
    total: sum(({ total }) => total),
    ok: sum(({ ok }) => ok),
    failed: sum(({ failed }) => failed),
    skipped: sum(({ skipped }) => skipped),
    ...(failures.length > 0 && { failures }),
  }
}

function isCoverage(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { total, ok, failed, skipped } = value as Record<string, unknown>
  return [total, ok, failed, skipped].every((count) => typeof count === 'number')
}
