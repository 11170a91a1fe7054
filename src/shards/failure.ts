import { writeFailure } from '../call/outcome.js'
import { MillraceError } from '../errors.js'
import type { Coverage, ShardFailure } from '../wire/coverage.js'
import type { DataRequest } from '../wire/data-request.js'
import type { Outcome, Question } from './gather.js'

/** A request that was sent to several shards, with its outcomes. */
export interface Asked {
  readonly stage: string
  /** Number of shards of the stage. */
  readonly total: number
  readonly questions: readonly Question[]
  readonly outcomes: readonly Outcome[]
}

/**
 * Counts the outcomes of the asked shards; shards that were not asked, or whose request was cancelled after another failure,
 * count as skipped.
 */
export function coverageOf({ total, questions, outcomes }: Asked): Coverage {
  const failures = questions.flatMap(({ shard }, index) => failureOf(shard.name, outcomes[index]!))
  const ok = outcomes.filter(({ state }) => state === 'ok').length
  return {
    total,
    ok,
    failed: failures.length,
    skipped: total - ok - failures.length,
    ...(failures.length > 0 && { failures }),
  }
}

function failureOf(shard: string, outcome: Outcome): readonly ShardFailure[] {
  switch (outcome.state) {
    case 'ok':
    case 'dropped':
      return []
    case 'late':
      return [
        { shard, code: 'DEADLINE_EXCEEDED', message: 'It had not answered when the others were enough.' },
      ]
    case 'refused':
      return [{ shard, code: 'EXECUTOR_FAILED', message: outcome.answer.status?.description ?? '' }]
    case 'failed':
      return [{ shard, code: outcome.error.code, message: outcome.error.message }]
  }
}

/**
 * The result of a request that failed at a shard: the answer of that shard's executor if the executor failed; otherwise
 * throws the error of the hop to the shard. Both name the shard and, for a write, the shards that have done it.
 */
export function failWith(asked: Asked, isWrite: boolean): DataRequest {
  const { stage, total, questions, outcomes } = asked
  const failed = outcomes.findIndex(({ state }) => state === 'failed' || state === 'refused')
  const index = failed < 0 ? outcomes.findIndex(({ state }) => state === 'late') : failed
  const { shard } = questions[index]!
  const outcome = outcomes[index]!
  const done = isWrite ? questions.filter((_, other) => outcomes[other]!.state === 'ok') : []
  const names = done.map((question) => question.shard.name).join(', ')
  const head = `${shard.name} failed, of ${total} shards${names === '' ? '' : `; it was done by ${names}`}`
  if (outcome.state === 'refused') {
    // a copy, because the outcome must keep the executor's own answer
    const answer = outcome.answer.answer()
    const { status } = answer
    if (status !== undefined) answer.status = { ...status, description: `${head}. ${status.description}` }
    return answer
  }
  const error =
    outcome.state === 'failed'
      ? outcome.error
      : new MillraceError('DEADLINE_EXCEEDED', 'There was no answer in time.')
  const { code, message, ...facts } = error.at({ deployment: stage, pod: shard.name }).facts
  const failure = new MillraceError(code, `${head}. ${message}`, {
    ...facts,
    cause: error,
    notRun: outcomes.every((one) => one.state === 'failed' && one.error.notRun),
  })
  // some shards may have written their documents
  throw isWrite ? writeFailure(failure) : failure
}
