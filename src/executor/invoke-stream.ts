import type { Call } from '../call/call.js'
import type { ItemSink } from '../call/items.js'
import { type Document, DocumentArray } from '../document/index.js'
import type { DataRequest } from '../wire/data-request.js'
import { failed, unchanged } from './answers.js'
import { addResults, callHandler, handlerName, isThenable, type Target } from './invoke.js'
import { sortResult, yieldedDocument } from './result.js'

export interface ItemOptions {
  readonly items: ItemSink
  /** Also to be awaited before the next item, besides room in the sink. */
  pace(room: void | Promise<void>): void | Promise<void>
}

/**
 * Runs one document through one handler and sends items as they come (`stream_doc`). A generator is asked for its next
 * document when the sink has room, and ended when the call is aborted. Results of any other handler are sent document by
 * document.
 *
 * Resolves with the closing answer, without documents. Never rejects: a failure is an answer with status ERROR, which has the
 * documents of the request.
 */
export async function invokeStream(
  target: Target,
  request: DataRequest,
  call: Call,
  { items, pace }: ItemOptions,
): Promise<DataRequest> {
  try {
    const { docs } = request
    const returned = callHandler(target, { docs, head: request, call })
    const outcome = sortResult(isThenable(returned) ? await returned : returned, handlerName(target))
    const results = outcome.kind === 'results' ? outcome.results : undefined
    const closing = answerWith(target, request, new DocumentArray())
    if (results !== undefined) closing.parameterBytes = addResults(target, closing.parameterBytes, results)
    const documents =
      outcome.kind === 'stream' ? outcome.items : outcome.kind === 'documents' ? outcome.docs : docs
    for await (const item of documents) {
      if (call.aborted !== undefined) throw call.aborted
      const answer = answerWith(target, request, arrayOf(yieldedDocument(item, handlerName(target))))
      if (results !== undefined) answer.parameterBytes = closing.parameterBytes
      const waiting = pace(items.push(answer))
      if (waiting !== undefined) await waiting
      if (call.aborted !== undefined) throw call.aborted
    }
    return closing
  } catch (error) {
    return failed(request, error, { ...target, call })
  }
}

function arrayOf(document: Document): DocumentArray {
  return new DocumentArray([document])
}

function answerWith({ deployment }: Target, request: DataRequest, docs: DocumentArray): DataRequest {
  const answer = unchanged(request, deployment)
  answer.docs = docs
  return answer
}
