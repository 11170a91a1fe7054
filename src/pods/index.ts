import { startDocker } from './docker/driver.js'
import { startInline } from './inline/driver.js'
import type { Driver } from './host.js'
import { runPod, type StartOptions } from './lifecycle.js'
import type { Pod, PodSpec } from './pod.js'
import { startProcess } from './process/driver.js'
import { startPython } from './python/driver.js'
import { startThread } from './thread/driver.js'

const drivers = {
  inline: startInline,
  thread: startThread,
  process: startProcess,
  docker: startDocker,
  python: startPython,
} as const satisfies Record<string, Driver>

export type { StartOptions } from './lifecycle.js'

/** Where a pod can run. */
export type PodKind = keyof typeof drivers

/**
 * Starts one replica; resolves when it listens.
 *
 * Rejects with START_FAILED or START_TIMEOUT, the reason and the last output, and leaves nothing running.
 * Call it from the main thread: see `process/command.ts`.
 */
export function startPod(kind: PodKind, spec: PodSpec, options: StartOptions): Promise<Pod> {
  return runPod(drivers[kind], spec, options)
}
