import type { ItemSink } from '../../call/items.js'
import { MillraceError } from '../../errors.js'
import { methods } from '../../grpc/methods.js'
import { DataRequest } from '../../wire/data-request.js'
import type { GrpcCallOptions, GrpcConnection } from '../../grpc/client/connection.js'

/**
 * Sends one document over `stream_doc` and pushes each answer to `items`. Resolves with the closing answer: the message with
 * status ERROR that a failed executor sends last, else one without documents.
 *
 * @throws UNSUPPORTED for several documents, those of a join that keeps its branches apart
 */
export async function streamDocument(
  connection: GrpcConnection,
  request: DataRequest,
  { items, ...options }: GrpcCallOptions & { readonly items: ItemSink },
): Promise<DataRequest> {
  if (request.parts !== undefined && request.peekDocCount(1) > 1) {
    throw new MillraceError(
      'UNSUPPORTED',
      `stream_doc takes one document, and this stage gets those of all branches together (reduce: false). Let it reduce, or use post().`,
      { notRun: true },
    )
  }
  let failed: DataRequest | undefined
  const bytes = Buffer.concat(request.encodeSingleDocument())
  await connection.serverStream(methods.streamDoc, bytes, {
    ...options,
    take(message) {
      const item = DataRequest.fromSingleDocument(message)
      if (item.status?.code !== 'ERROR') return items.push(item)
      failed ??= item
    },
  })
  return failed ?? request.answer().withList([])
}
