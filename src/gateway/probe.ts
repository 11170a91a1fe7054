import type { Description } from '../call/call.js'
import { Scope } from '../call/scope.js'
import { MillraceError } from '../errors.js'
import type { Channel } from '../transport/transport.js'
import { DataRequest } from '../wire/data-request.js'
import type { Recipient } from '../wire/identity.js'
import { requireRecipient } from './identity.js'
import { dryRunEndpoint } from './readiness.js'

/**
 * Asks a pod for its identity and description, and sends it one dry run. Rejects when its connection is lost, when it is
 * another pod, or when it answers with an error.
 */
export async function probe(channel: Channel, recipient: Recipient): Promise<Description> {
  const gone = channel.closed.then(({ reason }): never => {
    throw new MillraceError('UNAVAILABLE', `The connection ended before the pod was ready: ${reason}.`)
  })
  const asked = ask(channel, recipient)
  asked.catch(() => {}) // the loser of the race
  return Promise.race([asked, gone])
}

async function ask(channel: Channel, recipient: Recipient): Promise<Description> {
  const description = await channel.describe()
  requireRecipient(description, recipient)
  const request = DataRequest.create({ endpoint: dryRunEndpoint })
  const { status } = await channel.handle(request, new Scope(Number.POSITIVE_INFINITY, {}))
  if (status?.code === 'ERROR') {
    throw new MillraceError('START_FAILED', `The pod does not answer its dry run: ${status.description}`)
  }
  return description
}
