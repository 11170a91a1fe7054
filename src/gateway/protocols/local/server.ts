import type { MessagePort } from 'node:worker_threads'
import { listen } from '../../../transport/index.js'
import type { Listener } from '../../../transport/transport.js'
import type { Serving } from '../../serving.js'
import { localSender } from '../senders.js'

/**
 * Serves clients in the program that started the gateway. They are on another thread of the same process, so their requests
 * arrive through a MessagePort: no socket, no HTTP/2, no copy by the kernel.
 */
export class LocalServer {
  readonly #serving: Serving
  readonly #listeners: Listener[] = []

  constructor(serving: Serving) {
    this.#serving = serving
  }

  /** Serves the client at the other end of `port`. */
  async accept(port: MessagePort): Promise<void> {
    const { maxMessageBytes: maxFrameBytes, timeoutMs } = this.#serving
    this.#listeners.push(
      await listen({ kind: 'port', port }, this.#serving, {
        maxFrameBytes,
        givesAway: true,
        sender: localSender,
        timeoutMs,
      }),
    )
  }

  /** Takes no new requests, lets those in flight finish for `graceMs`, then closes. */
  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close({ graceMs })))
  }
}
