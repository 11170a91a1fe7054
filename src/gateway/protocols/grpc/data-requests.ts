import type { Call } from '../../../call/call.js'
import type { ItemSink } from '../../../call/items.js'
import type { Scope } from '../../../call/scope.js'
import { MillraceError } from '../../../errors.js'
import { DataRequest } from '../../../wire/data-request.js'
import { decodeRequestList } from '../../../wire/request-list.js'
import type { Serving } from '../../serving.js'
import { RequestStream } from '../../streamer.js'
import { marked } from '../docarray-version.js'
import { streamSender } from '../senders.js'
import type { ItemsMethod, Send, StreamMethod, UnaryMethod } from './method.js'
import { ShardCount, trailersOf } from './trailers.js'

/** `JinaSingleDataRequestRPC/process_single_data`. */
export function processSingleData(serving: Serving): UnaryMethod {
  return answering(serving, decode)
}

/** `JinaDataRequestRPC/process_data`: the answers of all branches of a join, which the Executor finds apart in `docsMatrix`. */
export function processData(serving: Serving): UnaryMethod {
  return answering(serving, (bytes, call) => marked(decodeRequestList(bytes), call.headers))
}

function decode(bytes: Uint8Array, call: Call): DataRequest {
  return marked(DataRequest.decode(bytes), call.headers)
}

function answering(
  { handle, timeoutMs }: Serving,
  read: (bytes: Uint8Array, call: Call) => DataRequest,
): UnaryMethod {
  return {
    kind: 'unary',
    timeoutMs,
    async answer(bytes, call) {
      const answer = await handle(read(bytes, call), call)
      return { message: answer.encodeParts(), trailers: trailersOf(answer) }
    },
  }
}

/** `JinaRPC/Call`; the metadata `__prefetch__` and `__results_in_order__` are obeyed (jina.md 4.5). */
export function callStream({ handle, isFull, prefetch, maxMessageBytes, timeoutMs }: Serving): StreamMethod {
  return {
    kind: 'stream',
    open(peer, call) {
      call.sender = streamSender(call.sender)
      const { __prefetch__: wanted = '', __results_in_order__: ordered = '' } = call.headers
      const shards = new ShardCount()
      const stream = new RequestStream(
        handle,
        {
          answer(response) {
            shards.add(response)
            return peer.send(response.encodeParts())
          },
          end: () => peer.end(shards.trailers),
          fail: (error) => peer.fail(error),
          pause: () => peer.pause(),
          resume: () => peer.resume(),
          release: (bytes) => peer.release(bytes),
          reserve: (bytes) => peer.reserve(bytes),
        },
        call,
        {
          prefetch: /^\d{1,9}$/.test(wanted) ? Number(wanted) : prefetch,
          maxBytes: maxMessageBytes,
          countRequest: peer.countRequest,
          isFull: () => isFull() || !peer.hasRoom(),
          timeoutMs,
          inOrder: ordered.toLowerCase() === 'true',
        },
      )
      return {
        get isIdle() {
          return stream.isIdle
        },
        message(bytes) {
          try {
            stream.push(decode(bytes, call), bytes.length)
          } catch (error) {
            stream.fail(MillraceError.from(error))
          }
        },
        end: () => stream.end(),
        drained: () => stream.drained(),
        close: () => stream.close(),
        abandon: () => stream.abandon(),
      }
    },
  }
}

/** `JinaSingleDocumentRequestRPC/stream_doc`. An executor's failure is sent as the last message (jina.md 2.10). */
export function streamDoc({ handle, timeoutMs }: Serving): ItemsMethod {
  return {
    kind: 'items',
    timeoutMs,
    async answer(bytes, call, send) {
      call.items = new SentItems(call, send)
      const closing = await handle(marked(DataRequest.fromSingleDocument(bytes), call.headers), call)
      if (closing.status?.code === 'ERROR') await send(closing.encodeSingleDocument())
      return trailersOf(closing)
    },
  }
}

/** Sends documents to a client, one message each. */
class SentItems implements ItemSink {
  readonly #call: Scope
  readonly #send: Send
  #count = 0

  constructor(call: Scope, send: Send) {
    this.#call = call
    this.#send = send
  }

  get count(): number {
    return this.#count
  }

  push(item: DataRequest): void | Promise<void> {
    try {
      const message = item.encodeSingleDocument()
      this.#count++
      return this.#send(message)
    } catch (error) {
      this.#call.abort(MillraceError.from(error))
    }
  }
}
