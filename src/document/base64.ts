interface NodeBytes extends Uint8Array {
  base64Slice(start: number, end: number): string
}

const node = typeof globalThis.Buffer === 'function' ? globalThis.Buffer : undefined

/** Encodes bytes as standard base64. */
export function toBase64(bytes: Uint8Array): string {
  if (node !== undefined)
    return (node.prototype as unknown as NodeBytes).base64Slice.call(bytes, 0, bytes.length)
  let binary = ''
  // String.fromCharCode takes bytes as arguments, whose number is limited
  for (let at = 0; at < bytes.length; at += 8192)
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(binary)
}

/** Decodes standard or URL-safe base64; undefined for any other text. */
export function fromBase64(text: string): Uint8Array | undefined {
  const standard = text.replace(/-/g, '+').replace(/_/g, '/')
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(standard)) return undefined
  if (node !== undefined) return new Uint8Array(node.from(standard, 'base64'))
  try {
    return Uint8Array.from(atob(standard), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}
