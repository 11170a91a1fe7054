import { Scope } from '../call/scope.js'
import type { Document } from '../document/index.js'
import type { Clock } from '../lib/clock.js'
import { errorFromStatus } from '../wire/error-status.js'
import { SingleDocumentRequest } from '../wire/single-document-request.js'
import type { Shutdown } from './shutdown.js'
import { lifetime } from './lifetime.js'
import type { SendOptions } from './options.js'
import { requireWellFormed } from './parameters.js'
import type { Transport } from './transport.js'

export interface StreamDocPlan {
  readonly on: string
  readonly document: Document
  readonly options: SendOptions
  /** The client's. */
  readonly shutdown: Shutdown
  readonly clock: Clock
}

/** Documents of one `stream_doc` call. Throws EXECUTOR_FAILED when an answer has status ERROR. Leaving the loop cancels the call. */
export async function* streamDocuments(transport: Transport, plan: StreamDocPlan): AsyncGenerator<Document> {
  const { on, document, options } = plan
  const { targetExecutor, headers = {} } = options
  requireWellFormed(options.parameters)
  const request = SingleDocumentRequest.create({
    endpoint: on,
    document,
    parameters: { ...options.parameters },
    ...(targetExecutor === undefined ? {} : { targetExecutor }),
  })
  const time = lifetime(plan)
  const call = new Scope(time.deadline, headers)
  time.onEnd((error) => call.abort(error))
  try {
    for await (const answer of transport.streamDoc(request, call)) {
      if (answer.status?.code === 'ERROR') throw errorFromStatus(answer.status, { endpoint: on })
      yield answer.document
    }
  } finally {
    time.release()
  }
}
