import { DataRequest } from '../data-request.js'
import { joined } from '../pieces.js'
import { requestFromJson } from './decode-request.js'
import { answerPieces, documentTexts, type Envelope } from './encode-answer.js'
import { parseJson } from './parse.js'
import { bodyOfGet } from './query.js'

/** The body of an HTTP request in JSON, which becomes a DataRequestProto. */
export interface Reading {
  readonly kind: 'read'
  /** UTF-8. Empty: a request without documents. */
  readonly body: Uint8Array
  /** The endpoint, whatever the body says; null takes that of the body. */
  readonly endpoint: string | null
  /** Used when the body has no id. */
  readonly requestId: string | undefined
  /** The query of a GET; null for other methods. */
  readonly query: string | null
  /** Whether the documents are of DocArray v2. Default false. */
  readonly isV2?: boolean
}

/** A DataRequestProto, which becomes the JSON of an answer in UTF-8. */
export interface Writing {
  readonly kind: 'write'
  readonly answer: Uint8Array
  /** Default: `camelCase`. */
  readonly envelope?: Envelope
}

/** A DataRequestProto, whose only document becomes JSON in UTF-8: an item of a stream. */
export interface DocumentWriting {
  readonly kind: 'document'
  readonly answer: Uint8Array
}

export type Conversion = Reading | Writing | DocumentWriting

/** Letters that are encoded at once. */
const batchLength = 65_536

/** Plain bytes in, plain bytes out, so that it can run in any thread. Throws as `requestFromJson`, `answerPieces` and `documentText` do. */
export function convert(conversion: Conversion): Uint8Array {
  if (conversion.kind === 'write') {
    return utf8Of(answerPieces(DataRequest.decode(conversion.answer), conversion.envelope))
  }
  if (conversion.kind === 'document') return itemBytes(DataRequest.decode(conversion.answer))
  const { body, query, endpoint, requestId, isV2 = false } = conversion
  const parsed = body.length === 0 ? undefined : parseJson(body)
  const whole = query === null ? (parsed === undefined ? {} : parsed) : bodyOfGet(parsed, query)
  return requestFromJson(whole, { endpoint, requestId, isV2 }).encode()
}

/** The JSON of an item of a stream, in UTF-8: of its only document, or `null`. Throws as `documentText` does. */
export function itemBytes(item: DataRequest): Uint8Array {
  const [text = 'null'] = documentTexts(item)
  return new TextEncoder().encode(text)
}

/** Without the whole text, which would take as much again. */
function utf8Of(pieces: Iterable<string>): Uint8Array {
  const encoder = new TextEncoder()
  const parts: Uint8Array[] = []
  let batch = ''
  for (const piece of pieces) {
    batch += piece
    if (batch.length < batchLength) continue
    parts.push(encoder.encode(batch))
    batch = ''
  }
  parts.push(encoder.encode(batch))
  return joined(parts)
}
