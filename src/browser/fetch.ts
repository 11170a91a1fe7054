import type { Call } from '../call/call.js'
import { channelTransport, type RequestChannel } from '../client-core/channel.js'
import { type HttpAnswer, readAnswer, requestHeaders } from '../client-core/http-answer.js'
import type { Transport } from '../client-core/transport.js'
import { MillraceError } from '../errors.js'
import { Semaphore } from '../lib/semaphore.js'
import type { DataRequest } from '../wire/data-request.js'
import { pageHint, type WebPeer } from './peer.js'

/** Requests of one client in flight: browsers fail further ones when thousands are waiting. */
const maxRequests = 128

/** Codes with which Node's `fetch` fails when it got no connection, so that nothing was sent. Browsers do not tell. */
const notConnected: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])

/**
 * Transport to a Millrace gateway with `fetch`: each request is a POST of protobuf. Documents of generators arrive as
 * server-sent events.
 */
export function fetchTransport(peer: WebPeer): Transport {
  return channelTransport(new FetchChannel(peer))
}

class FetchChannel implements RequestChannel {
  readonly #peer: WebPeer
  readonly #slots = new Semaphore(maxRequests)
  readonly #calls = new Set<AbortController>()
  #isClosed = false

  constructor(peer: WebPeer) {
    this.#peer = peer
  }

  handle = async (request: DataRequest, call: Call): Promise<DataRequest> => {
    await this.#slots.acquire()
    const controller = new AbortController()
    const cancel = { abort: (reason: MillraceError) => controller.abort(reason) }
    this.#calls.add(controller)
    call.onAbort(cancel)
    try {
      if (this.#isClosed) controller.abort()
      return await this.#post(request, call, controller.signal)
    } catch (error) {
      throw this.#lost(error, call)
    } finally {
      call.offAbort(cancel)
      this.#calls.delete(controller)
      this.#slots.release()
    }
  }

  close(): Promise<void> {
    this.#isClosed = true
    for (const controller of this.#calls) controller.abort()
    return Promise.resolve()
  }

  async #post(request: DataRequest, call: Call, signal: AbortSignal): Promise<DataRequest> {
    const { origin, address, maxMessageBytes } = this.#peer
    const response = await fetch(`${origin}/post`, {
      method: 'POST',
      headers: requestHeaders(call),
      body: request.encode() as Uint8Array<ArrayBuffer>,
      signal,
      // the gateway knows no cookies, and a redirect would send the token to another server
      credentials: 'omit',
      redirect: 'manual',
    })
    return readAnswer(answerOf(response), { request, call, address, maxMessageBytes })
  }

  #lost(error: unknown, call: Call): MillraceError {
    if (call.aborted !== undefined) return call.aborted
    if (MillraceError.is(error)) return error
    if (this.#isClosed) return new MillraceError('CANCELLED', 'The client was closed.', { cause: error })
    const { address, origin } = this.#peer
    const { message, cause } = error as Error
    const { code, message: reason = message } = (cause ?? {}) as { code?: unknown; message?: string }
    return new MillraceError('UNAVAILABLE', `${address}: ${reason}${pageHint(origin)}`, {
      where: { address },
      cause: error,
      notRun: notConnected.has(code),
    })
  }
}

function answerOf(response: Response): HttpAnswer {
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    body: piecesOf(response.body),
  }
}

/** Not by `for await` over the stream itself, which Safari lacks. Leaving the loop cancels the stream. */
async function* piecesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader()
  if (reader === undefined) return
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    // fails when the stream has failed, which the reader was told
    reader.cancel().catch(() => {})
  }
}
