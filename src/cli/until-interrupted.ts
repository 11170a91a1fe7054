import type { Flow } from '../flow/flow.js'

/** Runs a Flow that closes itself when it is interrupted, and waits for that; a second interrupt ends it at once. */
export async function untilInterrupted(flow: Flow<string>): Promise<void> {
  // from now on, and they stay, so that neither the system nor the Flow ends the process by the signal
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve())
  })
  await flow.start()
  await interrupted
  await flow.close()
}
