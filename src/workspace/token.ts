import { closeSync, constants, openSync, readFileSync, utimesSync, writeSync } from 'node:fs'
import { MillraceError } from '../errors.js'
import type { Holder } from './holder.js'
import { dropLock, renewLock } from './lock.js'
import { forgetPods } from './pods.js'

/**
 * Lists a folder in the token of a Flow before it is locked, so that the Flow's program knows what to renew and to release.
 *
 * @throws UNAVAILABLE when the Flow has ended: this pod is left over
 */
export function noteLocked({ token, list = token, name, mounted }: Holder, inside: string): void {
  const isMounted = mounted !== undefined && `${inside}/`.startsWith(`${mounted.here}/`)
  const folder = isMounted ? mounted.there + inside.slice(mounted.here.length) : inside
  try {
    // never created here: that would claim that the Flow still runs
    const file = openSync(list, constants.O_WRONLY | constants.O_APPEND)
    try {
      writeSync(file, `${JSON.stringify(folder)}\n`)
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    throw new MillraceError('UNAVAILABLE', `Flow '${name}', whose pod this is, has ended.`, { cause })
  }
}

/** Shows other containers that the Flow runs, and cleaners of temporary folders that its token is in use. */
export function renewLocks({ token, list = token, flow }: Holder, nowMs: number): void {
  utimesSync(list, nowMs / 1000, nowMs / 1000)
  for (const folder of lockedBy(list)) renewLock(folder, flow, nowMs)
}

/** Releases everything that a Flow has locked. Call it when its pods have ended. */
export function dropLocks({ token, list = token, flow }: Holder): void {
  for (const folder of lockedBy(list)) {
    forgetPods(folder, flow)
    dropLock(folder, flow)
  }
}

function lockedBy(token: string): ReadonlySet<string> {
  const lines = readFileSync(token, 'utf8').split('\n').slice(0, -1)
  return new Set(lines.map((line) => JSON.parse(line) as string))
}
