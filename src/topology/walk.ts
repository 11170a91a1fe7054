import type { Handler } from '../call/call.js'
import { writeFailure } from '../call/outcome.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { type Stage, visits } from './stage.js'
import { streamThrough } from './stream.js'
import type { Targets } from './targets.js'
import { Trip } from './trip.js'
import type { Unserved } from './unserved.js'

export interface WalkOptions {
  /** In the order of their edges, as returned by `inOrder`; each needs the one before it. */
  readonly stages: readonly Stage[]
  readonly targets: Targets
  readonly clock: Clock
  readonly unserved: Unserved
}

/**
 * Sends a request through all stages in order (jina.md 1.4, "Execution of one request").
 *
 * 1. Every stage starts from the parameters of the request, not from those of the answer before it.
 * 2. What stages return under `__results__` is collected and merged into the response, and so is `__coverage__`.
 * 3. An answer with status ERROR ends the walk: later stages are not visited and have no route.
 * 4. A failure after a stage has answered is never `notRun`. For a write it becomes OUTCOME_UNKNOWN: a repeated request would
 *    run twice at the stages that have answered.
 * 5. Routes of the response are `gateway` and the visited stages, whatever the pods wrote there.
 * 6. Received requests and answers are never modified: each hop, and the response, is a copy that shares unchanged parts.
 *    Parameters stay encoded.
 * 7. A request that no Executor serves is returned unchanged, unless `unserved` refuses it.
 * 8. In a streaming call each document that a stage yields goes through the later stages separately (`streamThrough`).
 */
export function walk({ stages, targets, clock, unserved }: WalkOptions): Handler {
  const names = new Set(stages.filter(({ passThrough }) => !passThrough).map(({ name }) => name))
  return async (request, call) => {
    const { endpoint, targetExecutor } = request
    const chosen = targetExecutor === '' ? undefined : targets.match(targetExecutor)
    const trip = new Trip(request, names, { clock, isStream: call.items !== undefined })
    try {
      if (call.items !== undefined) {
        const visited = hopsOf(stages, endpoint, chosen)
        if (visited.length === 0) unserved.check(endpoint)
        await streamThrough(
          trip,
          visited.map((stage) => ({ stage })),
          request,
          call,
        )
        return trip.response()
      }
      let isServed = false
      for (const stage of stages) {
        if (!visits(stage, endpoint, chosen)) continue
        if (stage.passThrough) {
          trip.pass(stage.name)
          continue
        }
        isServed = true
        trip.hold(await trip.visit(stage, call), call)
        if (trip.isFailed) break
      }
      if (!isServed) unserved.check(endpoint)
      return trip.response()
    } catch (error) {
      const isWrite = hopsOf(stages, endpoint, chosen).some((stage) => stage.isWrite(endpoint))
      throw isWrite ? writeFailure(MillraceError.from(error)) : error
    } finally {
      trip.close()
    }
  }
}

/** The stages whose Executors get a request. */
export function hopsOf(
  stages: readonly Stage[],
  endpoint: string,
  chosen: ReadonlySet<string> | undefined,
): readonly Stage[] {
  return stages.filter((stage) => !stage.passThrough && visits(stage, endpoint, chosen))
}
