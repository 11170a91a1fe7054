import type { Call } from '../call/call.js'
import { type Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import type { RequestHead } from './endpoint-context.js'
import { callHandler, checkResult, handlerName, isThenable, type Target } from './invoke.js'
import { sortResult } from './result.js'

/** Documents of several requests that one call of the handler gets. */
export interface JoinedBatch {
  readonly docs: readonly Document[]
  readonly head: RequestHead
  readonly call: Call
}

/**
 * Calls the handler, synchronously, with the documents of a batch, which were checked. Resolves with one document for each of them, in the same
 * order, so that each request can be given its own.
 *
 * Rejects with what the handler throws, and with INVALID_RESULT for results that cannot be divided: another number of documents,
 * another order, a plain object, a generator.
 */
export async function invokeBatch(target: Target, { docs, head, call }: JoinedBatch): Promise<DocumentArray> {
  const array = new DocumentArray(docs)
  const returned = callHandler(target, { docs: array, head, call })
  const result = isThenable(returned) ? await returned : returned
  const outcome = sortResult(result, handlerName(target), target.endpoint.types?.output)
  switch (outcome.kind) {
    case 'in-place':
      return checked(target, docs, array)
    case 'documents':
      return checked(target, docs, outcome.docs)
    case 'results':
      throw indivisible(
        target,
        'returned a plain object, which cannot be divided among the requests of a batch',
      )
    case 'stream':
      throw indivisible(target, 'returned a generator, which cannot be divided among the requests of a batch')
  }
}

function checked(target: Target, docs: readonly Document[], result: DocumentArray): DocumentArray {
  checkResult(target, result)
  if (result.length !== docs.length) {
    throw indivisible(
      target,
      `got a batch of ${docs.length} documents and gave ${result.length}. They belong to several requests, and each of them gets its own documents back, so a batch must keep its length`,
    )
  }
  let ids: ReadonlySet<string> | undefined
  for (let index = 0; index < docs.length; index++) {
    const before = docs[index]!
    const after = result.at(index)!
    if (after === before || after.id === before.id) continue
    ids ??= new Set(docs.map(({ id }) => id))
    if (ids.has(after.id)) {
      throw indivisible(
        target,
        'changed the order of the documents of a batch. They belong to several requests, and each of them gets its own documents back by their position',
      )
    }
  }
  return result
}

function indivisible(target: Target, what: string): MillraceError {
  return new MillraceError(
    'INVALID_RESULT',
    `${handlerName(target)} ${what}. Change the handler, or turn batching off for this endpoint.`,
  )
}
