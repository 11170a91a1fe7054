import { type ErrorFacts, isErrorCode, MillraceError } from '../../errors.js'

/** Encodes a rejection as the payload of an error frame, without its cause and stack. */
export function encodeFailure(error: unknown): Uint8Array {
  return encodeJson(MillraceError.from(error).facts)
}

export function decodeFailure(payload: Uint8Array): MillraceError {
  const { code, message, ...facts } = factsOf(payload)
  return new MillraceError(isErrorCode(code) ? code : 'INTERNAL', message, facts)
}

function factsOf(
  payload: Uint8Array,
): Partial<ErrorFacts> & { readonly code: string; readonly message: string } {
  try {
    return decodeJson(payload) as ErrorFacts
  } catch {
    return { code: 'MALFORMED', message: 'The pod failed, and its error cannot be read.' }
  }
}

export function encodeJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

export function decodeJson(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
}
