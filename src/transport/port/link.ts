import type { MessagePort } from 'node:worker_threads'
import { unpackContext } from '../../observe/tracing/packed-context.js'
import { defaultMaxFrameBytes, type Frame } from '../frames/frame.js'
import { Inbox } from '../frames/inbox.js'
import type { Link, Receiver } from '../frames/link.js'
import { Outbox } from '../frames/outbox.js'
import { type Gift, giftOf } from './gift.js'

export interface PortLinkOptions {
  readonly maxFrameBytes?: number
  /** Transfers large payloads, so that the sender cannot use them afterwards. Default false. */
  readonly givesAway?: boolean
}

/**
 * Frames over a MessagePort. All small frames of a tick are sent in one ArrayBuffer, because a message costs several
 * microseconds whatever its size. Bytes are copied into that buffer: a transfer would take them from a sender that may send
 * them again to another replica, or from an executor that keeps its documents. With `givesAway` large payloads are
 * transferred.
 */
export class PortLink implements Link {
  readonly maxFrameBytes: number
  readonly #port: MessagePort
  readonly #givesAway: boolean
  readonly #outbox = new Outbox()
  #scheduled = false
  #ended = false
  #reason = 'closed by the other end'

  constructor(
    port: MessagePort,
    { maxFrameBytes = defaultMaxFrameBytes, givesAway = false }: PortLinkOptions = {},
  ) {
    this.#port = port
    this.#givesAway = givesAway
    this.maxFrameBytes = maxFrameBytes
  }

  open(receiver: Receiver): void {
    const inbox = new Inbox(receiver, this.maxFrameBytes)
    this.#port.on('message', (message: ArrayBuffer | Gift) => {
      if (message instanceof ArrayBuffer) inbox.push(new Uint8Array(message))
      else this.#unwrap(message, receiver)
    })
    this.#port.on('close', () => {
      this.#ended = true
      receiver.lost(this.#reason)
    })
  }

  send(frame: Frame): void {
    if (this.#ended) return
    const gift = this.#givesAway ? giftOf(frame) : null
    if (gift !== null) {
      this.flush()
      this.#port.postMessage(gift, [gift.memory])
      return
    }
    this.#outbox.push(frame)
    if (this.#scheduled) return
    this.#scheduled = true
    process.nextTick(flush, this)
  }

  /** Frames are sent immediately and cannot be withdrawn. */
  withdraw(): boolean {
    return false
  }

  get isCongested(): boolean {
    return false
  }

  writable(): void {}

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

  #unwrap({ kind, id, number, headers, memory, at, size }: Gift, receiver: Receiver): void {
    const whole = size + (headers?.length ?? 0)
    if (whole > this.maxFrameBytes) receiver.oversize(kind, id, whole)
    else {
      const context = headers === null ? undefined : unpackContext(headers, headers.length)
      const payload = new Uint8Array(memory, at, size)
      receiver.receive({ kind, id, number, headers: context ? null : headers, context, payload })
    }
  }
}

function flush(link: PortLink): void {
  link.flush()
}
