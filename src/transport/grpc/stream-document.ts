import type { ItemSink } from '../../call/items.js'
import { methods } from '../../grpc/methods.js'
import { DataRequest } from '../../wire/data-request.js'
import type { GrpcCallOptions, GrpcConnection } from '../../grpc/client/connection.js'

/**
 * Sends one document over `stream_doc` and pushes each answer to `items`. Resolves with the closing answer: the message with
 * status ERROR that a failed executor sends last, else one without documents.
 */
export async function streamDocument(
  connection: GrpcConnection,
  request: DataRequest,
  { items, ...options }: GrpcCallOptions & { readonly items: ItemSink },
): Promise<DataRequest> {
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
