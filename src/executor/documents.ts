import type { DocumentArray } from '../document/index.js'
import { type DocClass, schemaOf } from '../document/typed/index.js'
import { decodeDocList, readDocuments, readTypedDocuments, writeDocList } from '../document/v2/index.js'
import type { DataRequest } from '../wire/data-request.js'
import { versionOf } from '../wire/version.js'

/**
 * The documents of a request, of DocArray v1 or v2, for an endpoint that takes `input`. Those of v2 are new with each call. Throws
 * MALFORMED, UNSUPPORTED for what has no counterpart in a Document, and INVALID_INPUT for an id of a typed document that is no text.
 */
export function receivedDocs(request: DataRequest, input: DocClass | undefined): DocumentArray {
  if (versionOf(request) !== 'v2') return request.docs
  const documents = decodeDocList(request.list ?? new Uint8Array())
  return input === undefined
    ? readDocuments(documents, 'data')
    : readTypedDocuments(documents, schemaOf(input), 'data')
}

/** The answer with these documents of `type`, in the format that was asked. Throws INVALID_INPUT for values that v2 cannot hold. */
export function withDocs(answer: DataRequest, docs: DocumentArray, type: DocClass | undefined): DataRequest {
  if (versionOf(answer) !== 'v2') {
    answer.docs = docs
    return answer
  }
  const given = answer.withList([writeDocList(docs, type && schemaOf(type))])
  given.saysV2 = true
  return given
}
