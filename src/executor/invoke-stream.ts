import type { Call } from '../call/call.js'
import type { ItemSink } from '../call/items.js'
import { type Document, DocumentArray } from '../document/index.js'
import type { DataRequest } from '../wire/data-request.js'
import { failed, unchanged } from './answers.js'
import {
  addResults,
  answerWith,
  callHandler,
  checkResult,
  handlerName,
  isThenable,
  type Target,
  yielded,
} from './invoke.js'
import { receivedDocs } from './documents.js'
import { sortResult } from './result.js'
import { checkInput } from './typed-request.js'

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
    const { types } = target.endpoint
    const docs = receivedDocs(request, types?.input)
    checkInput(types, docs)
    const returned = callHandler(target, { docs, head: request, call })
    const result = isThenable(returned) ? await returned : returned
    const outcome = sortResult(result, handlerName(target), types?.output)
    const results = outcome.kind === 'results' ? outcome.results : undefined
    const closing = answerWith(target, unchanged(request, target.deployment), new DocumentArray())
    if (results !== undefined) closing.parameterBytes = addResults(target, closing.parameterBytes, results)
    const documents =
      outcome.kind === 'stream' ? outcome.items : outcome.kind === 'documents' ? outcome.docs : docs
    for await (const item of documents) {
      if (call.aborted !== undefined) throw call.aborted
      const given = arrayOf(yielded(target, item))
      if (results === undefined) checkResult(target, given)
      const answer = answerWith(target, unchanged(request, target.deployment), given)
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
