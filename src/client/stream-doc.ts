import type { Document } from '../document/index.js'
import type { Clock } from '../lib/clock.js'
import type { GrpcConnection } from '../transport/grpc/connection.js'
import { methods } from '../transport/grpc/methods.js'
import { errorFromGrpc } from '../transport/grpc/status.js'
import { errorFromStatus } from '../wire/error-status.js'
import { SingleDocumentRequest } from '../wire/single-document-request.js'
import type { Life } from './life.js'
import { lifetime } from './lifetime.js'
import type { SendOptions } from './options.js'

export interface StreamDocPlan {
  readonly on: string
  readonly document: Document
  readonly options: SendOptions
  /** Of the client. */
  readonly life: Life
  readonly clock: Clock
}

/** Documents of one `stream_doc` call. Throws EXECUTOR_FAILED when a message says so; leaving the loop cancels the call. */
export async function* streamDocuments(
  connect: () => Promise<GrpcConnection>,
  plan: StreamDocPlan,
): AsyncGenerator<Document> {
  const { on, document, options } = plan
  const { targetExecutor, headers = {} } = options
  const request = SingleDocumentRequest.create({
    endpoint: on,
    document,
    parameters: { ...options.parameters },
    ...(targetExecutor === undefined ? {} : { targetExecutor }),
  }).encode()
  const time = lifetime(plan)
  const ended = new AbortController()
  time.onEnd((error) => ended.abort(error))
  let address: string | undefined
  try {
    const connection = await time.race(connect())
    address = connection.address
    const call = { deadline: time.deadline, headers, signal: ended.signal }
    for await (const bytes of connection.serverStream(methods.streamDoc, request, call)) {
      const answer = SingleDocumentRequest.decode(bytes)
      if (answer.status?.code === 'ERROR') throw errorFromStatus(answer.status, { endpoint: on })
      yield answer.document
    }
  } catch (error) {
    throw errorFromGrpc(error, { endpoint: on, ...(address === undefined ? {} : { address }) })
  } finally {
    time.release()
  }
}
