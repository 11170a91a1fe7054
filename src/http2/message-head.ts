import { errorCode, type ErrorCode } from './codes.js'
import type { Field } from './hpack/fields.js'
import { role } from './hpack/fields.js'

/** Names are lower-case, pseudo-headers included; values of a repeated field are joined with `, `, cookies with `; `. */
export type Headers = Readonly<Record<string, string>>

/** A complete head of a request. */
export interface Request {
  readonly headers: Headers
  /** From `content-length`; -1 when the request has none. */
  readonly contentLength: number
  /** Why it is refused, as an error code; undefined for a request to serve. */
  readonly refusal: ErrorCode | undefined
}

/** A complete head of a response, or of an informational one. */
export interface Response {
  readonly headers: Headers
  readonly status: number
  /** From `content-length`; -1 when the response has none. */
  readonly contentLength: number
  /** Why the call ends, as an error code; undefined for a well-formed response. */
  readonly refusal: ErrorCode | undefined
}

export interface HeadLimits {
  /** Of names and values, with 32 for each field (RFC 9113, 6.5.2). */
  readonly maxListBytes: number
  readonly maxFields: number
}

const sawMethod = 1
const sawScheme = 2
const sawPath = 4
const sawAuthority = 8
const sawStatus = 16
const complete = sawMethod | sawScheme | sawPath

/** Checks and collects the fields of one message or of its trailers (RFC 9113, 8.1 to 8.3). Used again for each block. */
export class MessageHead {
  readonly #limits: HeadLimits
  #headers: Record<string, string> = {}
  #pseudo = 0
  #sawRegular = false
  #contentLength = -1
  #bytes = 0
  #count = 0
  /** Whether a rule was broken. */
  isMalformed = false

  constructor(limits: HeadLimits) {
    this.#limits = limits
  }

  /** Whether there is more than the limits allow. */
  get isTooLarge(): boolean {
    return this.#bytes > this.#limits.maxListBytes || this.#count > this.#limits.maxFields
  }

  begin(): void {
    this.#headers = {}
    this.#pseudo = 0
    this.#sawRegular = false
    this.#contentLength = -1
    this.#bytes = 0
    this.#count = 0
    this.isMalformed = false
  }

  field(field: Field): void {
    this.#bytes += field.size
    this.#count++
    if (this.isTooLarge || this.isMalformed) return
    switch (field.role) {
      case role.plain:
      case role.te:
      case role.cookie:
        this.#sawRegular = true
        return this.#add(field, field.role === role.cookie ? '; ' : ', ')
      case role.method:
        return this.#addPseudo(field, sawMethod)
      case role.scheme:
        return this.#addPseudo(field, sawScheme)
      case role.path:
        return this.#addPseudo(field, sawPath)
      case role.authority:
        return this.#addPseudo(field, sawAuthority)
      case role.status:
        return this.#addPseudo(field, sawStatus)
      case role.contentLength:
        this.#sawRegular = true
        return this.#length(field)
      case role.forbidden:
        this.isMalformed = true
    }
  }

  request(): Request {
    return { headers: this.#headers, contentLength: this.#contentLength, refusal: this.#refusal() }
  }

  response(): Response {
    const headers = this.#headers
    const status = this.#pseudo === sawStatus && /^[1-9]\d\d$/.test(headers[':status']!)
    const isWhole = status && !this.isMalformed
    return {
      headers,
      status: isWhole ? Number(headers[':status']) : 0,
      contentLength: this.#contentLength,
      refusal: this.isTooLarge ? errorCode.enhanceYourCalm : isWhole ? undefined : errorCode.protocolError,
    }
  }

  /** The fields of trailers. */
  get headers(): Headers {
    return this.#headers
  }

  /** Whether the fields may be trailers: they have no pseudo-headers. */
  get areTrailers(): boolean {
    return !this.isMalformed && this.#pseudo === 0
  }

  #refusal(): ErrorCode | undefined {
    if (this.isTooLarge) return errorCode.enhanceYourCalm
    const headers = this.#headers
    const isWhole =
      headers[':method'] === 'CONNECT'
        ? this.#pseudo === (sawMethod | sawAuthority)
        : (this.#pseudo & ~sawAuthority) === complete && headers[':path'] !== ''
    return this.isMalformed || !isWhole ? errorCode.protocolError : undefined
  }

  #add({ name, value }: Field, separator: string): void {
    const before: unknown = this.#headers[name] // may be inherited from Object.prototype, and is no string then
    this.#headers[name] = typeof before === 'string' ? before + separator + value : value
  }

  #addPseudo(field: Field, bit: number): void {
    if (this.#sawRegular || (this.#pseudo & bit) !== 0) this.isMalformed = true
    this.#pseudo |= bit
    this.#headers[field.name] = field.value
  }

  #length({ name, value }: Field): void {
    const length = /^\d{1,15}$/.test(value) ? Number(value) : -1
    if (length < 0 || (this.#contentLength >= 0 && length !== this.#contentLength)) this.isMalformed = true
    this.#contentLength = length
    this.#headers[name] = value
  }
}
