import type { Flow } from '../flow/flow.js'

/** Runs a Flow that closes itself when it is interrupted, and waits for that; a second interrupt ends it at once. */
export async function untilInterrupted(flow: Flow<string>): Promise<void> {
  await flow.start()
  await new Promise<void>((resolve) => {
    // they stay, so that the Flow does not end the process by the signal
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve())
  })
  await flow.close()
}
