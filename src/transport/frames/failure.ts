import { type ErrorCode, errorCodes, MillraceError, type Whereabouts } from '../../errors.js'

interface Failure {
  readonly code: string
  readonly message: string
  readonly retryable: boolean
  readonly where: Whereabouts
  readonly output: readonly string[]
}

/** An error of the road as the payload of an error frame: code, message, retryable, whereabouts and output survive. */
export function encodeFailure(error: unknown): Uint8Array {
  const { code, message, retryable, where, output } = MillraceError.from(error)
  return encodeJson({ code, message, retryable, where, output } satisfies Failure)
}

export function decodeFailure(payload: Uint8Array): MillraceError {
  const { code, message, ...options } = failureOf(payload)
  return new MillraceError(
    Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'INTERNAL',
    message,
    options,
  )
}

function failureOf(payload: Uint8Array): Failure {
  try {
    return decodeJson(payload) as Failure
  } catch {
    const message = 'The pod failed, and its error cannot be read.'
    return { code: 'MALFORMED', message, retryable: false, where: {}, output: [] }
  }
}

export function encodeJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

export function decodeJson(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
}
