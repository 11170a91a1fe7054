import { MillraceError } from '../errors.js'
import type { Flow } from '../flow/flow.js'
import { entryOf } from '../plan/listeners.js'
import { keepHealthFile, takeHealthFile } from './health-file.js'

/**
 * Runs a Flow until SIGINT or SIGTERM, and closes it. A signal during loading or starting cancels the start. A second
 * signal ends the program at once.
 *
 * @param load creates the Flow; called once signal handlers are installed
 */
export async function untilInterrupted(load: () => Promise<Flow<string>>): Promise<void> {
  const interrupt = new AbortController()
  const healthFile = takeHealthFile()
  const { signal } = interrupt
  const interrupted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  // these handlers stay installed, so that neither the system nor the Flow ends the process by the signal
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interrupt.abort())
  const flow = await load()
  try {
    await flow.start({ signal })
  } catch (error) {
    if (signal.aborted && MillraceError.from(error).code === 'CANCELLED') return
    throw error
  }
  const { listeners } = await flow.status()
  // no certificate is for 127.0.0.1, and the gateway may want one of the client
  const ask = listeners.some(({ tls }) => tls) ? { ask: async () => void (await flow.status()) } : {}
  const dropHealthFile = keepHealthFile(healthFile, entryOf(listeners), ask)
  await interrupted
  await dropHealthFile()
  await flow.close()
}
