import { createHash } from 'node:crypto'

/** A short hash of the configuration; a change of it triggers a rollout. */
export function checksum(...configuration: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(configuration)).digest('hex').slice(0, 16)
}
