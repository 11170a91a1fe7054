import type { Call } from '../call/call.js'
import { MillraceError } from '../errors.js'
import { connectionLoss } from '../call/connection-lost.js'
import type { Endpoint } from './endpoints.js'
import type { Itinerary } from './waiting-room.js'

/** A timed-out request counts against a replica that has sent no answer for this long. */
const stuckMs = 1000

/**
 * Records a failed hop in the replica's load and health. `timed`: the stage limits the time of one hop, so that limit may
 * have expired.
 */
export function accountFailure(
  { load, health }: Endpoint,
  { code, notRun }: MillraceError,
  { began, timed }: { readonly began: number; readonly timed: boolean },
): void {
  switch (code) {
    case 'CANCELLED':
      return load.abandoned(began)
    case 'DEADLINE_EXCEEDED':
      // a short client deadline alone is no evidence against a replica that answers other requests meanwhile
      if (timed || load.stuckMs(began) >= stuckMs) health.breaker.failed()
      return load.late(began)
    case 'UNAVAILABLE':
    case 'INTERNAL':
    case 'MALFORMED':
      // refusing a request before it ran does not count as a failure
      if (!notRun || health.state === 'probing') health.breaker.failed()
      return load.failed()
    default:
      return load.failed()
  }
}

/**
 * Records in the itinerary that the replica was lost during the request, or is silent (answers no pings). Call it while the
 * request still counts as in flight.
 */
export function noteLoss(endpoint: Endpoint, failure: MillraceError, itinerary: Itinerary): void {
  const { load, health, exitTracker } = endpoint
  const isSilent = failure.code === 'DEADLINE_EXCEEDED' && health.state === 'silent'
  const lost = connectionLoss(failure)
  if (!isSilent && lost === undefined) return
  const requests = isSilent ? load.inFlight : exitTracker.lost(load.inFlight)
  if (itinerary.losses === undefined) itinerary.losses = []
  else exitTracker.isRepeated = true
  const reason = lost === undefined ? 'does not answer' : `was lost: ${lost.message}`
  itinerary.losses.push({ endpoint, requests, reason })
}

/** The error of a hop, with the replica added. */
export function located(error: unknown, { name, label }: Endpoint, call: Call): MillraceError {
  const known = MillraceError.from(error, 'UNAVAILABLE')
  const where = { pod: name, address: label }
  // closing a channel cancels its calls; here the caller has not cancelled
  const removed = known.code === 'CANCELLED' && call.aborted === undefined
  if (!removed) return known.at(where)
  return new MillraceError('UNAVAILABLE', `${name} was removed before it answered.`, {
    cause: error,
    where,
  })
}
