import { MillraceError } from '../errors.js'

/** The replica closes. */
export function closing(): MillraceError {
  return new MillraceError('UNAVAILABLE', 'This replica is closing and takes no new requests.', {
    notRun: true,
  })
}

/** The replica has as many requests as its queue takes. */
export function full(inFlight: number): MillraceError {
  const message = `This replica has ${inFlight} requests, as many as it takes (queue.perReplica). Try another one.`
  return new MillraceError('RESOURCE_EXHAUSTED', message, { notRun: true })
}

/** The turn of a request came too late. */
export function expired(): MillraceError {
  return new MillraceError('DEADLINE_EXCEEDED', 'The deadline passed before the executor could begin.', {
    notRun: true,
  })
}

/** The batch of a request began too late. `notRun`: none of its documents were in an earlier batch. */
export function expiredInBatch(notRun: boolean): MillraceError {
  return new MillraceError('DEADLINE_EXCEEDED', 'The deadline passed while the request waited for a batch.', {
    notRun,
  })
}
