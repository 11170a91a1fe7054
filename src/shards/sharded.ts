/**
 * A sharded stage as one handler.
 *
 * 1. The content of an answer does not depend on the number of shards, as far as the Executor's answers allow it.
 * 2. A write is done by all shards that it is for, or the caller gets an error: a write is never answered partially.
 * 3. With several shards, every answer says which of them contributed (`__coverage__`).
 */
import { AnswerMemory } from '../budget/answer-memory.js'
import { unbounded } from '../budget/budget.js'
import type { Call, Handler } from '../call/call.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { inSlices } from '../lib/slices.js'
import type { ShardOutcomes } from '../observe/names.js'
import { withCoverage } from '../wire/coverage-bytes.js'
import type { DataRequest } from '../wire/data-request.js'
import { inOrder } from '../wire/lists/restore.js'
import { type Split, splitDocuments } from '../wire/lists/split.js'
import { type Asked, coverageOf, failWith } from './failure.js'
import { gather, type Outcome, type Question } from './gather.js'
import { LeastLoaded } from './least-loaded.js'
import type { Placement } from './placement.js'
import { type PollingTable, pollingOf } from './polling.js'
import { type Answers, answerOf, type Reduce } from './reduce.js'
import type { Shard } from './shard.js'
import type { Tally } from './tally.js'

export interface ShardedOptions {
  readonly stage: string
  readonly shards: readonly Shard[]
  readonly polling: PollingTable
  readonly place: Placement
  readonly rules: FailureRules
  /** Whether an endpoint changes state. */
  isWrite(endpoint: string): boolean
  /** How the answers to a request are merged. Throws when that is not known yet. */
  reduce(endpoint: string): Reduce
  readonly clock: Clock
  readonly tally: Tally
}

/** How a read is answered when a shard has failed. */
export interface FailureRules {
  readonly onShardFailure: 'fail' | 'partial'
  /** With `partial`: with fewer answers than this, the request fails. */
  readonly minShards: number
  /** With `partial`: milliseconds after which `minShards` answers are enough; null waits for all. */
  readonly softDeadlineMs: number | null
}

/** Creates the handler of a sharded stage. */
export function sharded(options: ShardedOptions): Handler {
  const { shards, polling } = options
  const [only] = shards
  if (only !== undefined && shards.length === 1)
    return (request, call) => askOnly(options, only, request, call)
  const leastLoaded = new LeastLoaded(shards)
  return (request, call) => {
    switch (pollingOf(polling, request.endpoint)) {
      case 'ANY':
        return askOne(options, leastLoaded, request, call)
      case 'ALL':
        return holdingAnswers(askAll, options, { request, call })
      case 'KEY':
        return holdingAnswers(askOwners, options, { request, call })
    }
  }
}

/** With one shard there is no coverage to report, but its matches may have to be limited. */
async function askOnly(
  { polling, reduce }: ShardedOptions,
  { name, handle }: Shard,
  request: DataRequest,
  call: Call,
): Promise<DataRequest> {
  const answer = await handle(request, call)
  if (answer.status?.code === 'ERROR' || call.items !== undefined) return answer
  if (pollingOf(polling, request.endpoint) !== 'ALL') return answer
  return reduce(request.endpoint)({ request, call, answers: [answer], from: [name] })
}

/** Sends the request to the least loaded shard, and to the next one when that shard cannot take it. */
async function askOne(
  { stage, shards, isWrite, tally }: ShardedOptions,
  leastLoaded: LeastLoaded,
  request: DataRequest,
  call: Call,
): Promise<DataRequest> {
  const write = isWrite(request.endpoint)
  const order = leastLoaded.order()
  const before = call.items?.count
  for (const [index, shard] of order.entries()) {
    leastLoaded.note(shard, request)
    try {
      const answer = await shard.handle(request, call)
      const state = answer.status?.code === 'ERROR' ? 'refused' : 'ok'
      const outcomes = [{ state, answer }] as const
      tally.note([shard], outcomes)
      return covered(answer, { stage, total: shards.length, questions: [{ shard, request }], outcomes })
    } catch (error) {
      const known = MillraceError.from(error)
      tally.note([shard], [{ state: 'failed', error: known }])
      const isBegun = call.items?.count !== before
      const elsewhere = known.retryable && (known.notRun || !write) && index + 1 < order.length
      if (!elsewhere || isBegun || call.aborted !== undefined) throw known
    }
  }
  throw new MillraceError('INTERNAL', `${stage} has no shards.`)
}

/** A request to several shards. */
interface Asking {
  readonly request: DataRequest
  readonly call: Call
  /** Holds the answers until they are merged. */
  readonly memory: AnswerMemory
}

/** Runs `answer`, with memory for the answers of shards, which it closes afterwards. */
async function holdingAnswers(
  answer: (options: ShardedOptions, asking: Asking) => Promise<DataRequest>,
  options: ShardedOptions,
  { request, call }: Omit<Asking, 'memory'>,
): Promise<DataRequest> {
  const memory = new AnswerMemory(call.memory ?? unbounded)
  try {
    return await answer(options, { request, call, memory })
  } finally {
    memory.close()
  }
}

async function askAll(options: ShardedOptions, asking: Asking): Promise<DataRequest> {
  const { request, call } = asking
  // first, so that no shard was asked if it throws
  const reduce = call.items === undefined ? options.reduce(request.endpoint) : closing
  const questions = options.shards.map((shard) => ({ shard, request }))
  const asked = await ask(options, questions, asking)
  if (asked.failure !== null) return asked.failure
  return covered(await reduce({ request, call, ...asked }), asked)
}

/** The closing answer of a stream; its documents were already forwarded as they arrived. */
function closing(answers: Answers): DataRequest {
  return answerOf(answers, [])
}

/** Sends each document to the shard that it belongs to. A request without documents goes to all shards. */
async function askOwners(options: ShardedOptions, asking: Asking): Promise<DataRequest> {
  const { request, call } = asking
  const { list } = request
  if (list === undefined || list.length === 0) return askAll(options, asking)
  const split = await inSlices(splitDocuments(list, options.place, options.shards.length), call)
  const questions = split.map(({ shard, pieces }) => ({
    shard: options.shards[shard]!,
    request: request.withList(pieces),
  }))
  const asked = await ask(options, questions, asking)
  if (asked.failure !== null) return asked.failure
  const answer =
    call.items === undefined
      ? await restored({ split, list, call }, asked)
      : closing({ request, call, ...asked })
  return covered(answer, asked)
}

interface Gathered extends Asked {
  readonly answers: readonly DataRequest[]
  readonly from: readonly string[]
  /** The answer to return instead, when too few shards answered. */
  readonly failure: DataRequest | null
}

/** Sends the questions. Throws the error of a hop when too few shards answered. */
async function ask(
  options: ShardedOptions,
  questions: readonly Question[],
  { request, call, memory }: Asking,
): Promise<Gathered> {
  const { stage, shards, rules, isWrite, clock, tally } = options
  const write = isWrite(request.endpoint)
  const isPartial = rules.onShardFailure === 'partial' && !write
  const enough = isPartial ? Math.min(rules.minShards, questions.length) : questions.length
  const outcomes = await gather(questions, call, {
    clock,
    // when one shard fails a write the others still finish it: cancelling them would leave more to repair
    isStrict: !isPartial && !write,
    softDeadlineMs: isPartial ? rules.softDeadlineMs : null,
    enough,
    memory,
  })
  call.observation?.event({ name: 'shards.gathered', ...countOutcomes(outcomes) })
  const asked: Asked = { stage, total: shards.length, questions, outcomes }
  const ok = questions.flatMap(({ shard }, index) => {
    const outcome = outcomes[index]!
    return outcome.state === 'ok' ? [{ name: shard.name, answer: outcome.answer }] : []
  })
  tally.note(
    questions.map(({ shard }) => shard),
    outcomes,
  )
  return {
    ...asked,
    answers: ok.map(({ answer }) => answer),
    from: ok.map(({ name }) => name),
    failure: ok.length >= enough ? null : covered(failWith(asked, write), asked),
  }
}

function countOutcomes(outcomes: readonly Outcome[]): ShardOutcomes {
  const counts = { ok: 0, refused: 0, failed: 0, late: 0, dropped: 0 }
  for (const { state } of outcomes) counts[state]++
  return counts
}

/** A list that was split. */
interface Whole {
  readonly split: Split
  readonly list: Uint8Array
  readonly call: Call
}

async function restored(
  { split, list, call }: Whole,
  { outcomes, answers, from }: Gathered,
): Promise<DataRequest> {
  const lists = outcomes.map((outcome: Outcome) =>
    outcome.state === 'ok' ? (outcome.answer.list ?? new Uint8Array()) : undefined,
  )
  const whole = await inSlices(inOrder(split, lists, list), call)
  return answerOf({ request: answers[0]!, call, answers, from }, whole)
}

function covered(answer: DataRequest, asked: Asked): DataRequest {
  answer.parameterBytes = withCoverage(answer.parameterBytes, { [asked.stage]: coverageOf(asked) })
  return answer
}
