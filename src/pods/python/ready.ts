import { Scope } from '../../call/scope.js'
import { systemClock } from '../../lib/clock.js'
import { pause } from '../../lib/pause.js'
import { dial } from '../../transport/index.js'
import type { Address } from '../../transport/transport.js'
import { DataRequest } from '../../wire/data-request.js'

/** Timeout of one attempt. */
const trialMs = 5000
const pauseMs = 50

/** Jina adds this endpoint to each Executor: it does nothing (jina.md 2.1). */
const dryRun = '_jina_dry_run_'

/** Sends requests until the Executor at the address has answered one; false when `signal` aborts. Never rejects. */
export async function untilAnswering(address: Address, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await answers(address)) return !signal.aborted
    await pause(pauseMs, { signal, clock: systemClock })
  }
  return false
}

async function answers(address: Address): Promise<boolean> {
  try {
    const channel = await dial(address)
    try {
      const request = DataRequest.create({ endpoint: dryRun })
      const answer = await channel.handle(request, new Scope(Date.now() + trialMs, {}))
      return answer.status?.code !== 'ERROR'
    } finally {
      await channel.close()
    }
  } catch {
    return false // nothing listens there yet
  }
}
