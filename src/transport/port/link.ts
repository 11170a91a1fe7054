import type { MessagePort } from 'node:worker_threads'
import { defaultMaxFrameBytes, type Frame } from '../frames/frame.js'
import { Inbox } from '../frames/inbox.js'
import type { Link, Receiver } from '../frames/link.js'
import { Outbox } from '../frames/outbox.js'

/**
 * Frames over a MessagePort. All small frames of a tick travel in one ArrayBuffer: a message costs several microseconds
 * whatever is in it. Bytes are always copied into that buffer, never transferred from where they are, because a
 * transfer takes them away from a sender who may want to send them again to another replica.
 */
export class PortLink implements Link {
  readonly maxFrameBytes: number
  readonly #port: MessagePort
  readonly #outbox = new Outbox()
  #scheduled = false
  #ended = false
  #reason = 'closed by the other end'

  constructor(port: MessagePort, maxFrameBytes: number = defaultMaxFrameBytes) {
    this.#port = port
    this.maxFrameBytes = maxFrameBytes
  }

  open(receiver: Receiver): void {
    const inbox = new Inbox(receiver, this.maxFrameBytes)
    this.#port.on('message', (buffer: ArrayBuffer) => inbox.push(new Uint8Array(buffer)))
    this.#port.on('close', () => {
      this.#ended = true
      receiver.lost(this.#reason)
    })
  }

  send(frame: Frame): void {
    if (this.#ended) return
    this.#outbox.push(frame)
    if (this.#scheduled) return
    this.#scheduled = true
    process.nextTick(flush, this)
  }

  room(): Promise<void> {
    return Promise.resolve()
  }

  end(): void {
    if (this.#ended) return
    this.flush()
    this.#ended = true
    this.#reason = 'closed by this end'
    this.#port.close()
  }

  flush(): void {
    this.#scheduled = false
    if (this.#ended || this.#outbox.empty) return
    for (const buffer of this.#outbox.takeBuffers()) this.#port.postMessage(buffer, [buffer])
  }
}

function flush(link: PortLink): void {
  link.flush()
}
