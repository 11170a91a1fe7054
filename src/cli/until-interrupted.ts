import type { Flow } from '../flow/flow.js'

/** Runs a Flow until it is interrupted and has closed; a second interrupt exits at once. */
export async function untilInterrupted(flow: Flow<string>): Promise<void> {
  // these handlers stay installed, so that neither the system nor the Flow ends the process by the signal
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve())
  })
  await flow.start()
  await interrupted
  await flow.close()
}
