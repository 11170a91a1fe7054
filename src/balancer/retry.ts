import type { Call, Handler } from '../call/call.js'
import { outcomeUnknown, writeFailure } from '../call/outcome.js'
import { pause } from '../call/pause.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import type { DataRequest } from '../wire/data-request.js'
import type { Budget } from './budget.js'
import type { Try } from './hedge.js'
import { hasLostEnough, isCause, lossesTold } from './losses.js'
import type { Itinerary, Pool } from './pool.js'
import { lostWith, poison } from './refusals.js'

export interface RetryOptions {
  readonly pool: Pool
  /** One try. */
  readonly attempt: Try
  /** Further tries; -1 is Jina's `max(3, replicas)` (jina.md 3.8). */
  readonly retries: number
  /** How many replicas one request may lose. */
  readonly maxLostReplicas: number
  readonly budget: Budget
  /** Whether an endpoint changes state. */
  isWrite(endpoint: string): boolean
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
}

/**
 * Upper limit of the random pause before a round in which replicas get the request again, in milliseconds; it doubles with
 * each retry.
 */
const roundMs = 50
const longestRoundMs = 1000

/**
 * Sends a failed request again, to a replica that has not had it as long as there is one.
 *
 * 1. A read is sent again, whatever happened to the replica. A write is sent again only when it cannot have run; if its
 *    replica was lost while the write was in flight, the caller gets OUTCOME_UNKNOWN.
 * 2. A hop that timed out is repeated only on replicas that have not had the request: the same replica is no faster.
 * 3. Every further try is taken from the budget, except after the request's first lost replica, and after refusals that say
 *    that the request did not run: a dead replica fails its requests in flight once, and that must not cost their answers.
 * 4. An executor's failure is an answer and never gets here.
 * 5. A request that has lost a replica is retried through the quarantine. It is not retried once it is the cause of as many
 *    lost replicas as it may lose.
 * 6. A stream is not sent again once its caller has received a document.
 */
export function retrying(options: RetryOptions): Handler {
  const { attempt, budget, isWrite } = options
  return (request, call) => {
    budget.deposit()
    const itinerary: Itinerary = { tried: [], write: isWrite(request.endpoint) }
    const before = call.items?.count
    return attempt(request, call, itinerary).catch((error: unknown) =>
      again(options, { request, call, itinerary, before, error: MillraceError.from(error) }),
    )
  }
}

interface FailedTry {
  readonly request: DataRequest
  readonly call: Call
  readonly itinerary: Itinerary
  /** Number of items in its sink before the first try. */
  readonly before: number | undefined
  readonly error: MillraceError
}

async function again(
  options: RetryOptions,
  { request, call, itinerary, before, error }: FailedTry,
): Promise<DataRequest> {
  const { pool, attempt, clock, random } = options
  const most = options.retries < 0 ? Math.max(3, pool.endpoints.size) : options.retries
  let failure = error
  let losses = 0
  for (let retries = 0; retries < most; retries++) {
    const isBegun = call.items?.count !== before
    const over = isBegun || call.aborted !== undefined || call.deadline <= clock.now()
    if (over || !mayRepeat(failure, itinerary, pool)) break
    const { losses: lost } = itinerary
    if (lost !== undefined && (await isCause(lost, { ...options, call }))) break
    const isFree = failure.notRun || (failure.code === 'UNAVAILABLE' && losses++ === 0)
    if (!isFree && !options.budget.take()) break
    if (itinerary.tried.length > 0 && pool.exhausted(itinerary) && pool.endpoints.usable.length > 0) {
      await pause(random() * Math.min(roundMs * 2 ** retries, longestRoundMs), { call, clock })
      if (call.aborted !== undefined) break
      itinerary.tried.length = 0
    }
    const { code, notRun } = failure
    pool.counts.retries++
    call.observation?.event({ name: 'retry', number: retries + 1, code, notRun })
    try {
      return await attempt(request, call, itinerary)
    } catch (next) {
      failure = MillraceError.from(next)
    }
  }
  throw await final(options, failure, { call, itinerary })
}

/** The error that the caller gets, with the exits of the replicas that the request has lost. */
async function final(
  { clock, maxLostReplicas }: RetryOptions,
  failure: MillraceError,
  { call, itinerary: { losses = [], write } }: Pick<FailedTry, 'call' | 'itinerary'>,
): Promise<MillraceError> {
  const judged = (error: MillraceError): MillraceError => (write ? writeOutcome(error) : error)
  if (losses.length === 0 || call.aborted !== undefined) return judged(failure)
  const judge = { call, clock, maxLostReplicas }
  const told = await lossesTold(losses, judge)
  if (!write && (await hasLostEnough(losses, judge))) return poison(failure, losses, told)
  return judged(lostWith(failure, told))
}

/** A replica that sent an unreadable answer, or broke off the exchange, may have run the write. */
function writeOutcome(error: MillraceError): MillraceError {
  const { code, notRun, where } = error
  const isBroken = (code === 'INTERNAL' || code === 'MALFORMED') && where.pod !== undefined && !notRun
  return isBroken ? outcomeUnknown(error) : writeFailure(error)
}

function mayRepeat(error: MillraceError, itinerary: Itinerary, pool: Pool): boolean {
  if (itinerary.write && !error.notRun) return false
  if (error.code === 'DEADLINE_EXCEEDED') return !pool.exhausted(itinerary)
  // it reached no replica: the queue refused it, or there is none
  if (error.where.pod === undefined) return false
  return error.retryable
}
