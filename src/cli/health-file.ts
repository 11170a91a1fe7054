import { rm, writeFile } from 'node:fs/promises'
import { askReadiness } from '../client/readiness.js'
import { healthFileVariable, healthPeriodMs } from '../containers/health-file.js'
import { authority, reachable } from '../lib/authority.js'
import { type Clock, systemClock } from '../lib/clock.js'
import type { Entry } from '../plan/listeners.js'

/**
 * Takes the file's name from the environment and removes it there, because pods, and Flows in pods, must not write to the
 * file. Null without one.
 */
export function takeHealthFile(env: NodeJS.ProcessEnv = process.env): string | null {
  const file = env[healthFileVariable] ?? null
  delete env[healthFileVariable]
  return file
}

export interface HealthTools {
  readonly clock?: Clock
  /** Rejects when the server does not report that it serves. */
  readonly ask?: (host: string) => Promise<void>
}

/**
 * Renews a file while the server reports that it serves (`grpc.health.v1`, or `/health/ready`), and removes it otherwise.
 * The returned function stops that.
 */
export function keepHealthFile(
  file: string | null,
  { scheme, host, port }: Entry,
  { clock = systemClock, ask = askHealth }: HealthTools = {},
): () => Promise<void> {
  if (file === null) return () => Promise.resolve()
  const address = `${scheme}://${authority(reachable(host), port)}`
  let cancel = (): void => {}
  let isOver = false
  const beat = async (): Promise<void> => {
    const serves = await ask(address).then(
      () => true,
      () => false,
    )
    if (isOver) return
    // a folder that cannot be written to makes the container unhealthy, but does not end it
    await (serves ? writeFile(file, '') : rm(file, { force: true })).catch(() => {})
    if (!isOver) cancel = clock.after(healthPeriodMs, () => (last = beat()))
  }
  let last = beat()
  return async () => {
    isOver = true
    cancel()
    await last
    await rm(file, { force: true }).catch(() => {})
  }
}

function askHealth(host: string): Promise<void> {
  return askReadiness(host, { isFlow: false, timeoutMs: 3000 })
}
