import { once } from 'node:events'
import type { Engine } from '../../docker-engine/engine.js'
import { flowLabels } from './names.js'

/** Milliseconds after which the caller has to ask again. */
const patienceMs = 10_000

/** Not what `execIn` causes, with which the gateway is asked. */
const events = ['create', 'start', 'die', 'destroy', 'pause', 'unpause']

/**
 * Resolves when a container of the Flow starts or ends, or after ten seconds in which none does. Rejects when the engine cannot
 * be reached, and when `signal` aborts.
 */
export async function nextChange({ docker }: Engine, flow: string, signal: AbortSignal): Promise<void> {
  const stream = (await docker.getEvents({
    filters: { type: ['container'], event: events, label: [`${flowLabels.flow}=${flow}`] },
  })) as NodeJS.ReadableStream & { destroy(): void }
  stream.on('error', () => {}) // 'close' follows
  const late = AbortSignal.timeout(patienceMs)
  const either = AbortSignal.any([signal, late])
  try {
    await Promise.race([once(stream, 'data', { signal: either }), once(stream, 'close', { signal: either })])
  } catch (error) {
    if (!late.aborted) throw error
  } finally {
    stream.destroy()
  }
}
