/** Encodes and decodes UTF-8 in a byte array, with Node's native routines where they exist. */

interface NodeBytes extends Uint8Array {
  utf8Slice(start: number, end: number): string
  utf8Write(text: string, offset: number): number
}

const node = typeof globalThis.Buffer === 'function' ? globalThis.Buffer : undefined
// without `ignoreBOM` a text that begins with U+FEFF would lose it
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

/** Up to this many bytes a loop over ASCII beats the call into native code. */
const shortText = 24

/** Decodes UTF-8; malformed sequences become U+FFFD. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= shortText) {
    let text = ''
    for (let at = start; at < end; at++) {
      const code = bytes[at]!
      if (code > 127) return decodeLong(bytes, start, end)
      text += String.fromCharCode(code)
    }
    return text
  }
  return decodeLong(bytes, start, end)
}

function decodeLong(bytes: Uint8Array, start: number, end: number): string {
  if (node === undefined) return decoder.decode(bytes.subarray(start, end))
  return (node.prototype as unknown as NodeBytes).utf8Slice.call(bytes, start, end)
}

/** Writes at `offset` of `bytes`, which must have three bytes of room for each UTF-16 unit; returns the bytes written. */
export function encodeText(text: string, bytes: Uint8Array, offset: number): number {
  if (node === undefined) return encoder.encodeInto(text, bytes.subarray(offset)).written
  return (node.prototype as unknown as NodeBytes).utf8Write.call(bytes, text, offset)
}

/** Bytes the text takes as UTF-8; a lone surrogate counts as the three bytes of its replacement. */
export function encodedLength(text: string): number {
  return node === undefined ? encoder.encode(text).length : node.byteLength(text)
}

/** Uninitialized memory; the caller overwrites all of it. Never a slice of a shared pool. */
export function allocate(size: number): Uint8Array<ArrayBuffer> {
  return node === undefined ? new Uint8Array(size) : node.allocUnsafeSlow(size)
}

interface MaybeWellFormed {
  isWellFormed?(): boolean
}

/** Whether a text has no lone surrogate, which has no UTF-8 encoding and would be encoded as U+FFFD. */
export function isWellFormed(text: string): boolean {
  return (text as MaybeWellFormed).isWellFormed?.() ?? !/\p{Surrogate}/u.test(text)
}
