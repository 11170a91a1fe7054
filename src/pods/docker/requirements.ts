import { isDeepStrictEqual } from 'node:util'
import type { Engine } from '../../docker-engine/engine.js'
import { MillraceError } from '../../errors.js'
import type { PodSpec } from '../pod.js'

/** Thrown for options that cannot be passed as an argument. */
export class Uncopyable extends Error {}

/** @throws Uncopyable */
export function requireCopyable({ executor: { usesWith, usesMetas } }: PodSpec): void {
  for (const value of [usesWith, usesMetas]) {
    let copy: unknown
    try {
      copy = JSON.parse(JSON.stringify(value))
    } catch (cause) {
      throw new Uncopyable(String(cause))
    }
    if (!isDeepStrictEqual(copy, { ...value }))
      throw new Uncopyable(
        'a container gets them as JSON, which has no functions, dates, maps or typed arrays.',
      )
  }
}

/** Requires an engine whose containers can be reached. @throws UNSUPPORTED */
export function requireLocal({ isLocal, address }: Engine): void {
  if (isLocal) return
  throw new MillraceError(
    'UNSUPPORTED',
    `The Docker engine at ${address} is on another machine, and its containers cannot be reached at 127.0.0.1. ` +
      "Start the whole Flow there (flow.start({ on: 'docker' })), or use an engine of this machine.",
  )
}
