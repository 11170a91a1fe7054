import { Document, DocumentArray } from '../document/index.js'
import {
  documentOf,
  isTyped,
  isTypedList,
  type DocClass,
  schemaOf,
  validate,
} from '../document/typed/index.js'
import { within } from '../document/json-place.js'
import { MillraceError } from '../errors.js'
import type { EndpointTypes } from './endpoint-types.js'

/**
 * Checks the documents of a request, before its handler runs or it joins a batch. Throws INVALID_INPUT, which names the index of
 * the document, the field, what was expected and what came.
 */
export function checkInput(types: EndpointTypes | null, documents: Iterable<Document>): void {
  if (types?.input !== undefined) schemaOf(types.input).checkAll(documents, 'data')
}

/** The first argument of the handler, for documents that were checked. */
export function handlerDocs(types: EndpointTypes | null, documents: DocumentArray): DocumentArray {
  // the handler of a typed endpoint is typed so
  return types?.input === undefined
    ? documents
    : (schemaOf(types.input).list(documents) as unknown as DocumentArray)
}

/** The parameters as their schema gives them. Throws INVALID_INPUT at `parameters`. */
export function parseParameters(types: EndpointTypes | null, given: Record<string, unknown>): unknown {
  if (types?.parameters === undefined) return given
  // results of stages before this one, and what Jina's clients always send
  const { __results__: _, ...own } = given
  try {
    return validate(types.parameters, own)
  } catch (error) {
    throw within(error, 'parameters')
  }
}

/** Documents of a typed list, a typed document or an array of what the output takes; undefined for other results. */
export function typedResult(output: DocClass | undefined, value: unknown): DocumentArray | undefined {
  if (isTypedList(value)) return new DocumentArray(Array.from(value, documentOf))
  if (isTyped(value)) return new DocumentArray([documentOf(value)])
  if (output === undefined || !Array.isArray(value)) return undefined
  const list: readonly unknown[] = value
  return new DocumentArray(
    list.map((item, index) => placed(() => schemaOf(output).documentFrom(item), index)),
  )
}

/** The document that a generator yielded; undefined for what is none. */
export function typedItem(output: DocClass | undefined, value: unknown): Document | undefined {
  if (isTyped(value)) return documentOf(value)
  if (output === undefined || value instanceof Document) return undefined
  return schemaOf(output).documentFrom(value)
}

/** Checks what a handler returns. Throws INVALID_RESULT. */
export function checkOutput(types: EndpointTypes | null, documents: DocumentArray, handler: string): void {
  if (types?.output === undefined) return
  misfit(handler, () => schemaOf(types.output).checkAll(documents, 'documents'))
}

/** Runs `check`; what it throws becomes INVALID_RESULT of the handler. */
export function misfit<T>(handler: string, check: () => T): T {
  try {
    return check()
  } catch (error) {
    const { code, message } = MillraceError.from(error)
    if (code !== 'INVALID_INPUT') throw error
    throw new MillraceError(
      'INVALID_RESULT',
      `${handler} returned what does not fit its output: ${message}`,
      {
        cause: error,
      },
    )
  }
}

function placed<T>(give: () => T, index: number): T {
  try {
    return give()
  } catch (error) {
    throw within(error, 'documents', index)
  }
}
