import type { Engine } from '../../docker-engine/engine.js'
import { MillraceError } from '../../errors.js'

/** Requires an engine whose containers can be reached. @throws UNSUPPORTED */
export function requireLocal({ isLocal, address }: Engine): void {
  if (isLocal) return
  throw new MillraceError(
    'UNSUPPORTED',
    `The Docker engine at ${address} is on another machine, and its containers cannot be reached at 127.0.0.1. ` +
      "Start the whole Flow there (flow.start({ on: 'docker' })), or use an engine of this machine.",
  )
}
