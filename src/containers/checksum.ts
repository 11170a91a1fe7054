import { createHash } from 'node:crypto'

/** Changes when the configuration does, so that whoever compares notices. */
export function checksum(...configuration: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(configuration)).digest('hex').slice(0, 16)
}
