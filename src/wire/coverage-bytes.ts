import { type Coverages, coverageKey, coverageOf } from './coverage.js'
import { decodeStruct, structBytes } from './struct.js'
import { withObject } from './struct-entry.js'
import { objectIn } from './struct-reader.js'

/**
 * The coverage in the parameters of an answer, a google.protobuf.Struct; undefined when no stage had several shards. Throws
 * MALFORMED.
 */
export function coverageIn(parameters: Uint8Array): Coverages | undefined {
  const given = objectIn(parameters, coverageKey)
  if (given === undefined) return undefined
  return coverageOf({ [coverageKey]: decodeStruct(given) })
}

/** Parameters with the coverage added. Throws MALFORMED. */
export function withCoverage(parameters: Uint8Array | undefined, coverages: Coverages): Uint8Array {
  return withObject(parameters, coverageKey, [structBytes(coverages)])
}
