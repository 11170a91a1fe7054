import { Branch } from '../call/branch.js'
import type { Call, StreamHandler } from '../call/call.js'
import { MillraceError } from '../errors.js'
import type { SingleDocumentRequest } from '../wire/single-document-request.js'
import { LeastLoaded } from './least-loaded.js'
import { type PollingTable, pollingOf } from './polling.js'
import type { Shard } from './shard.js'

export interface ShardedStreamOptions {
  readonly shards: readonly Shard[]
  readonly polling: PollingTable
  /** Of an undecoded document. */
  place(document: Uint8Array): number
}

/**
 * The streaming twin of `sharded`: with `ALL` documents come from all shards as they are made, in no order. What fails at
 * one shard ends the whole.
 */
export function shardedStream({ shards, polling, place }: ShardedStreamOptions): StreamHandler {
  const leastLoaded = new LeastLoaded(shards)
  return (request, call) => {
    switch (pollingOf(polling, request.endpoint)) {
      case 'ANY':
        return leastLoaded.order()[0]!.stream(request, call)
      case 'ALL':
        return interleave(shards, request, call)
      case 'KEY':
        return shards[place(request.document.toProtobuf())]!.stream(request, call)
    }
  }
}

async function* interleave(
  shards: readonly Shard[],
  request: SingleDocumentRequest,
  call: Call,
): AsyncGenerator<SingleDocumentRequest> {
  const branch = new Branch(call)
  const streams = shards.map(({ stream }) => stream(request, branch)[Symbol.asyncIterator]())
  const step = async (index: number) => ({ index, result: await streams[index]!.next() })
  const pending = new Map(streams.map((_, index) => [index, step(index)]))
  try {
    while (pending.size > 0) {
      const { index, result } = await Promise.race(pending.values())
      if (result.done === true) pending.delete(index)
      else {
        pending.set(index, step(index))
        yield result.value
      }
    }
  } finally {
    branch.abort(new MillraceError('CANCELLED', 'Nobody reads this stream any more.'))
    branch.unlink()
    for (const step of pending.values()) step.catch(() => {}) // cancelled with the branch
    await Promise.allSettled(streams.map(async (stream) => stream.return?.()))
  }
}
