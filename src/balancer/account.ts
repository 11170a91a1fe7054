import type { Call } from '../call/call.js'
import { MillraceError } from '../errors.js'
import { connectionLoss } from '../transport/connection-lost.js'
import type { Endpoint } from './endpoints.js'
import type { Itinerary } from './waiting-room.js'

/** How long a replica must have answered nobody before a request that ran out of time there counts against it. */
const stuckMs = 1000

/** What a failed hop says of the replica. `timed`: the stage has a limit for one hop, and this one may have met it. */
export function accountFailure(
  { load, health }: Endpoint,
  { code, notRun }: MillraceError,
  { began, timed }: { readonly began: number; readonly timed: boolean },
): void {
  switch (code) {
    case 'CANCELLED':
      return load.abandoned(began)
    case 'DEADLINE_EXCEEDED':
      // the caller's own haste says nothing of a replica that answers others meanwhile
      if (timed || load.stuckMs(began) >= stuckMs) health.breaker.failed()
      return load.late(began)
    case 'UNAVAILABLE':
    case 'INTERNAL':
    case 'MALFORMED':
      // a replica that says in time that it takes no more has not failed
      if (!notRun || health.state === 'probing') health.breaker.failed()
      return load.failed()
    default:
      return load.failed()
  }
}

/**
 * Writes down a replica that was lost while it had the request, or that answers no more, not even a ping. Call it before the
 * request is no longer counted as in flight there.
 */
export function noteLoss(endpoint: Endpoint, failure: MillraceError, itinerary: Itinerary): void {
  const { load, health, fate } = endpoint
  const isSilent = failure.code === 'DEADLINE_EXCEEDED' && health.state === 'silent'
  const lost = connectionLoss(failure)
  if (!isSilent && lost === undefined) return
  const requests = isSilent ? load.inFlight : fate.lost(load.inFlight)
  if (itinerary.losses === undefined) itinerary.losses = []
  else fate.isRepeated = true
  const reason = lost === undefined ? 'does not answer' : `was lost: ${lost.message}`
  itinerary.losses.push({ endpoint, requests, reason })
}

/** The error of a hop, with the replica it happened at. */
export function located(error: unknown, { name, label }: Endpoint, call: Call): MillraceError {
  const known = MillraceError.from(error, 'UNAVAILABLE')
  const where = { pod: name, address: label }
  // a channel that is closed cancels its calls, but this caller is still there
  const removed = known.code === 'CANCELLED' && call.aborted === undefined
  if (!removed) return known.at(where)
  return new MillraceError('UNAVAILABLE', `${name} was taken away before it answered.`, {
    cause: error,
    where,
  })
}
