import { MillraceError } from '../../errors.js'
import type { Fleet } from '../replicas/fleet.js'
import type { Replica } from '../replicas/replica.js'
import type { ShardPlan } from '../shard-plan.js'

/** Starts and ends replicas. */
type Source = Pick<Fleet, 'start' | 'end'>

/**
 * Replaces each old replica by a new one, one at a time. The new replica starts first, so capacity never drops.
 *
 * When the first does not start, nothing has changed. When a later one does not start, replicas replaced so far are rolled
 * back in the same way. Both throw START_FAILED (or START_TIMEOUT).
 */
export async function rollOut(old: readonly Replica[], plan: ShardPlan, fleet: Source): Promise<void> {
  const replaced: Replaced[] = []
  for (const before of old) {
    try {
      const now = await fleet.start(plan)
      replaced.push({ before: before.plan, now })
    } catch (error) {
      if (replaced.length === 0) throw error
      throw failure(MillraceError.from(error), {
        plan,
        of: old.length,
        replaced: replaced.length,
        stuck: await rollBack(replaced, fleet),
      })
    }
    await fleet.end(before)
  }
}

interface Replaced {
  readonly before: ShardPlan
  readonly now: Replica
}

/** Rolls back the latest replacement first. Resolves with why it had to stop, or null when all were rolled back. */
async function rollBack(replaced: readonly Replaced[], fleet: Source): Promise<string | null> {
  for (const { before, now } of [...replaced].reverse()) {
    try {
      await fleet.start(before)
    } catch (error) {
      return MillraceError.from(error).message
    }
    await fleet.end(now)
  }
  return null
}

interface Outcome {
  readonly plan: ShardPlan
  readonly of: number
  readonly replaced: number
  readonly stuck: string | null
}

function failure(cause: MillraceError, { plan, of, replaced, stuck }: Outcome): MillraceError {
  const back =
    stuck === null
      ? `the ${replaced} replaced before it were rolled back`
      : `those replaced before it could not all be rolled back (${stuck}), so old and new replicas run side by side`
  return new MillraceError(
    cause.code,
    `The rolling update of '${plan.set}' failed at replica ${replaced + 1} of ${of}; ${back}. ${cause.message}`,
    { cause, output: cause.output, where: { ...cause.where, deployment: plan.name } },
  )
}
