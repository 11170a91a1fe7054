import type { Logger } from '../observe/logger.js'
import type { FlowPlan } from '../plan/flow-plan.js'
import { hangingIn, lastOf } from '../topology/graph.js'
import { noStreams, segmentsOf } from '../topology/segments.js'

/** Logs what a user may not expect of the order of the stages. */
export function noteShape(plan: FlowPlan, logger: Logger): void {
  warnOfEnds(plan, logger)
  noteStreams(plan, logger)
}

/** Says which stages are ends whose answers nobody gets, as Jina does. */
function warnOfEnds({ stages }: FlowPlan, logger: Logger): void {
  const last = lastOf(stages)?.name
  for (const { name } of hangingIn(stages)) {
    logger.warn(
      `stage '${name}' is an end that no stage needs: clients get the answer of '${last}', and do not wait for '${name}'. Join the ends with needsAll(), or say floating: true if that is meant.`,
    )
  }
}

/** Says which stage keeps streams out. */
function noteStreams({ stages }: FlowPlan, logger: Logger): void {
  const divided = segmentsOf(stages)
  if (divided.kind === 'crossing') logger.info(noStreams(divided.stage).message)
}
