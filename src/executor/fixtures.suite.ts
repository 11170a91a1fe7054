import { Document, DocumentArray } from '../document/index.js'
import type { Logger } from '../observe/logger.js'
import { DataRequest } from '../wire/data-request.js'

/** A request as it comes from a transport: not decoded. */
export function requestOf(
  endpoint: string,
  {
    texts = ['a', 'b'],
    parameters,
  }: { texts?: readonly string[]; parameters?: Record<string, unknown> } = {},
): DataRequest {
  const docs = new DocumentArray(texts.map((text) => new Document({ text })))
  const init = parameters === undefined ? { endpoint, docs } : { endpoint, docs, parameters }
  return DataRequest.decode(DataRequest.create(init).encode())
}

/** An answer after a round trip over the wire. */
export function sent(answer: DataRequest): DataRequest {
  return DataRequest.decode(answer.encode())
}

/** Keeps log entries, as `error: message`. */
export function loggerOf(lines: string[]): Logger {
  const at = (level: string) => (message: string) => void lines.push(`${level}: ${message}`)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
