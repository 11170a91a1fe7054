import type { Wrong } from '../../../../document/json-place.js'
import type { Conversion } from '../../../../wire/json/convert.js'
import type { PackedError } from '../../../control.js'

/** A message to the thread, which answers each with an `Outcome`, in order. */
export interface Job {
  readonly conversion: Conversion
}

export type Outcome =
  | { readonly kind: 'done'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'failed'
      readonly error: PackedError
      /** Where the JSON was wrong. */
      readonly at: Wrong | undefined
    }

/** The same bytes in a buffer that has no others, so that it can be moved to another thread. */
export function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const isWhole = bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength
  return isWhole ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes)
}
