import type { Account } from '../../../../budget/budget.js'
import { noRoomForAnswer } from '../../../../budget/refusals.js'
import type { Scope } from '../../../../call/scope.js'
import type { DataRequest } from '../../../../wire/data-request.js'
import { itemBytes } from '../../../../wire/json/convert.js'
import { writingEffort } from '../../../../wire/json/memory.js'
import type { JsonThread } from './json-thread.js'

export interface DocumentJsonOptions {
  readonly account: Account
  /** Its abort ends a conversion in the thread. */
  readonly call: Scope
  /** Converts large documents; without it that is done at once. */
  readonly thread: Pick<JsonThread, 'convert'> | undefined
}

/**
 * The JSON of a document of a stream, in UTF-8; `null` for an item without one. A large document is converted in the thread,
 * which does not hold up other clients. Throws or rejects with RESOURCE_EXHAUSTED when there is no room, and as `documentText`
 * throws.
 */
export function documentJson(
  item: DataRequest,
  { account, call, thread }: DocumentJsonOptions,
): Uint8Array | Promise<Uint8Array> {
  const { bytes, isLong } = writingEffort(item)
  if (!account.reserve(bytes)) throw noRoomForAnswer(bytes, account)
  if (isLong && thread !== undefined) {
    const answer = Buffer.concat(item.encodeParts())
    return thread.convert({ kind: 'document', answer }, call).finally(() => account.release(bytes))
  }
  try {
    return itemBytes(item)
  } finally {
    account.release(bytes)
  }
}
