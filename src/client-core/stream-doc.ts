import { Scope } from '../call/scope.js'
import { ItemQueue } from '../call/item-queue.js'
import { type Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { DataRequest } from '../wire/data-request.js'
import { errorFromStatus } from '../wire/error-status.js'
import type { Shutdown } from './shutdown.js'
import { lifetime } from './lifetime.js'
import type { SendOptions } from './options.js'
import { requireWellFormed } from './parameters.js'
import type { Transport } from './transport.js'

export interface StreamDocPlan {
  readonly on: string
  readonly document: Document
  readonly options: SendOptions
  /** The shutdown of the client. */
  readonly shutdown: Shutdown
  readonly clock: Clock
}

/** Documents of one `stream_doc` call. Throws EXECUTOR_FAILED when its executor fails. Leaving the loop cancels the call. */
export async function* streamDocuments(transport: Transport, plan: StreamDocPlan): AsyncGenerator<Document> {
  const { on, document, options } = plan
  const { targetExecutor, headers = {} } = options
  requireWellFormed(options.parameters)
  const request = DataRequest.create({
    endpoint: on,
    docs: new DocumentArray([document]),
    parameters: { ...options.parameters },
    ...(targetExecutor === undefined ? {} : { targetExecutor }),
  })
  const time = lifetime(plan)
  const items = new ItemQueue()
  const call = Object.assign(new Scope(time.deadline, headers), { items })
  call.onAbort(items)
  time.onEnd((error) => call.abort(error))
  let isOver = false
  try {
    const closing = transport.streamDoc(request, call).finally(() => items.end())
    closing.catch(() => {}) // rethrown below, after the documents that arrived before it
    while (await items.more())
      for (let item = items.take(); item !== undefined; item = items.take())
        // not `yield*`, which awaits every document several times over
        for (const document of item.docs) yield document
    const { status } = await closing.catch((error: unknown) => {
      throw transport.judged(error, on)
    })
    isOver = true
    if (status?.code === 'ERROR') throw errorFromStatus(status, { endpoint: on })
  } finally {
    time.release()
    // creating an error costs more than the rest
    if (!isOver) call.abort(new MillraceError('CANCELLED', 'The caller left.'))
  }
}
