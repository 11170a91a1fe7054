import type { Call } from '../call/call.js'
import { DocumentArray } from '../document/index.js'
import type { SingleDocumentRequest } from '../wire/single-document-request.js'
import { failed, unchanged } from './answers.js'
import { addResults, callHandler, handlerName, type Target } from './invoke.js'
import { sortResult, yieldedDocument } from './result.js'

/**
 * One document through one handler, answers as they come (`stream_doc`). A generator is asked for the next document
 * when the caller takes it; leaving early ends it. Any other handler gives what it returns, document by document.
 *
 * A failure is the last answer, with status ERROR. Never throws.
 */
export async function* invokeStream(
  target: Target,
  request: SingleDocumentRequest,
  call: Call,
): AsyncGenerator<SingleDocumentRequest, void, undefined> {
  try {
    const docs = new DocumentArray([request.document])
    const returned = callHandler(target, { docs, head: request, call })
    const outcome = sortResult(await returned, handlerName(target))
    if (outcome.kind === 'stream') {
      for await (const item of outcome.items) {
        if (call.aborted !== undefined) throw call.aborted
        yield answerWith(target, request, yieldedDocument(item, handlerName(target)))
      }
      return
    }
    const results = outcome.kind === 'results' ? outcome.results : undefined
    for (const doc of outcome.kind === 'documents' ? outcome.docs : docs) {
      const answer = answerWith(target, request, doc)
      if (results !== undefined) answer.parameterBytes = addResults(target, answer.parameterBytes, results)
      yield answer
    }
  } catch (error) {
    yield failed(request, error, { ...target, call })
  }
}

function answerWith(
  { deployment }: Target,
  request: SingleDocumentRequest,
  document: SingleDocumentRequest['document'],
): SingleDocumentRequest {
  const answer = unchanged(request, deployment)
  answer.document = document
  return answer
}
