import type { AnswerMemory } from '../budget/answer-memory.js'
import { Branch } from '../call/branch.js'
import type { Call } from '../call/call.js'
import type { AbortListener } from '../call/cancellation.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { deadlinesOf, type Timed } from '../lib/deadlines.js'
import { Relay } from '../call/items.js'
import type { DataRequest } from '../wire/data-request.js'
import type { Shard } from './shard.js'

/** The request for one shard. */
export interface Question {
  readonly shard: Shard
  readonly request: DataRequest
}

/** The outcome of a question. `refused`: the executor failed, which is an answer with status ERROR. */
export type Outcome =
  | { readonly state: 'ok' | 'refused'; readonly answer: DataRequest }
  | { readonly state: 'failed'; readonly error: MillraceError }
  /** Cancelled, because enough other shards had answered. */
  | { readonly state: 'late' }
  /** Cancelled, because another shard had failed. Does not count as a failure of this shard. */
  | { readonly state: 'dropped' }

export interface GatherRules {
  readonly clock: Clock
  /** Whether the first failure cancels the other shards. */
  readonly isStrict: boolean
  /** Milliseconds after which `enough` successful answers are sufficient; null waits for all. */
  readonly softDeadlineMs: number | null
  readonly enough: number
  /** An answer that does not fit counts as a failure. */
  readonly memory: AnswerMemory
}

/**
 * Sends a request to several shards at once, and waits for their outcomes.
 *
 * 1. There is one outcome for each question, in order. It rejects only when the call is aborted, with that reason.
 * 2. When it settles, nothing is in flight: shards that have not answered are aborted.
 * 3. Items of streams go to the call's sink as they arrive, in no order; each shard counts its own items.
 */
export function gather(questions: readonly Question[], call: Call, rules: GatherRules): Promise<Outcome[]> {
  const { clock, isStrict, softDeadlineMs, enough, memory } = rules
  const outcomes: (Outcome | undefined)[] = questions.map(() => undefined)
  let branches: readonly Branch[] = []
  let open = questions.length
  let ok = 0
  let isBroken = false
  let isLate = false
  const deadlines = deadlinesOf(clock)
  return new Promise((resolve, reject) => {
    const leaving: AbortListener = {
      abort(reason) {
        finish(() => reason)
        reject(reason)
      },
    }
    const softDeadline: Timed = {
      watched: undefined,
      deadline: softDeadlineMs === null ? Number.POSITIVE_INFINITY : clock.now() + softDeadlineMs,
      expire() {
        isLate = true
        settle()
      },
    }
    // an error costs more than a small request, so it is made only where a shard has not answered
    const finish = (reason: () => MillraceError): void => {
      deadlines.unwatch(softDeadline)
      call.offAbort(leaving)
      for (const [index, branch] of branches.entries()) {
        if (outcomes[index] === undefined) branch.abort(reason())
        branch.unlink()
      }
    }
    const settle = (): void => {
      if (open > 0 && !(isStrict && isBroken) && !(isLate && ok >= enough)) return
      const isFailed = isStrict && isBroken
      finish(() => cancelled(isFailed ? 'Another shard failed.' : 'The other shards were enough.'))
      resolve(outcomes.map((outcome) => outcome ?? { state: isFailed ? 'dropped' : 'late' }))
    }
    const note = (index: number, outcome: Outcome): void => {
      open--
      if (outcome.state === 'ok') ok++
      else isBroken = true
      outcomes[index] = outcome
      settle()
    }
    if (call.aborted !== undefined) return leaving.abort(call.aborted)
    // registered before the branches, so that a cancelled call is not recorded as failures of the shards
    call.onAbort(leaving)
    branches = questions.map(() => new Branch(call, { items: call.items && new Relay(call.items) }))
    deadlines.watch(softDeadline)
    for (const [index, { shard, request }] of questions.entries()) {
      shard.handle(request, branches[index]!).then(
        (answer) => note(index, outcomeOf(answer, memory)),
        (error: unknown) => note(index, { state: 'failed', error: MillraceError.from(error) }),
      )
    }
  })
}

function cancelled(message: string): MillraceError {
  return new MillraceError('CANCELLED', message)
}

function outcomeOf(answer: DataRequest, memory: AnswerMemory): Outcome {
  try {
    memory.add(answer.undecodedLength)
  } catch (error) {
    return { state: 'failed', error: MillraceError.from(error) }
  }
  return { state: answer.status?.code === 'ERROR' ? 'refused' : 'ok', answer }
}
