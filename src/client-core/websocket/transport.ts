import type { AbortListener } from '../../call/cancellation.js'
import { dryRunRequest, hasSucceeded } from '../dry-run.js'
import { judgedAsWrite } from '../knowledge.js'
import type { CallOptions, StreamListener, Transport } from '../transport.js'
import { DocumentStream } from './document-stream.js'
import { WebSocketStream } from './request-stream.js'
import type { Dialer } from './socket.js'

/**
 * Transport to a Millrace gateway over WebSocket: each stream of requests, and each stream of documents, has a socket, so that
 * the gateway's back-pressure is that of one stream.
 */
export function webSocketTransport(dialer: Dialer): Transport {
  const open = new Set<AbortListener>()
  const streamOf = (call: CallOptions, listener: StreamListener): WebSocketStream => {
    const stream = new WebSocketStream(dialer, call, listener, () => open.delete(stream))
    open.add(stream)
    return stream
  }
  return {
    open: async (call, listener) => streamOf(call, listener),
    async streamDoc(request, call) {
      const stream = new DocumentStream(dialer, request, call)
      open.add(stream)
      try {
        return await stream.closing
      } finally {
        open.delete(stream)
      }
    },
    judged: judgedAsWrite,
    dryRun: (call) =>
      new Promise((resolve, reject) => {
        const stream = streamOf(call, {
          onAnswer: (answer) => resolve(hasSucceeded(answer)),
          onRoom() {},
          onEnd: (error) => reject(error),
        })
        const request = dryRunRequest()
        stream.write(request.encode(), request.requestId)
        stream.end()
      }),
    close(reason) {
      for (const each of open) each.abort(reason)
      return Promise.resolve()
    },
  }
}
