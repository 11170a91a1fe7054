import type { Socket } from 'node:net'
import { systemClock } from '../../lib/clock.js'
import { type Deferred, deferred } from '../../lib/deferred.js'
import { defaultMaxFrameBytes, type Frame } from '../frames/frame.js'
import { Inbox } from '../frames/inbox.js'
import type { Link, Receiver } from '../frames/link.js'
import { Outbox } from '../frames/outbox.js'
import type { SocketReader } from './reader.js'

/** When so many bytes wait for a peer that does not read, the serving side stops reading as well. */
const pauseBytes = 4 * 1024 * 1024

/** What is handed to the system at once, or one frame: the rest can still be withdrawn. */
const writeBytes = 1024 * 1024

/** When so many bytes wait for a peer that does not read, no more requests should be sent to it. */
const congestedBytes = 4 * 1024 * 1024

/** How long the last bytes may take when this end closes. */
const lastBytesMs = 1000

export interface SocketLinkOptions {
  /** What the socket was made to read with; default: its `data` events. */
  readonly reader?: SocketReader
  readonly maxFrameBytes?: number | undefined
  /** True at the serving side only: if both sides did it, they would wait for each other. */
  readonly pauses: boolean
}

/** Frames over a stream socket; what is sent in one turn of the event loop goes out with one system call. */
export class SocketLink implements Link {
  readonly maxFrameBytes: number
  readonly #socket: Socket
  readonly #pauses: boolean
  readonly #reader: SocketReader | null
  readonly #outbox = new Outbox()
  #scheduled = false
  #ended = false
  #reason = 'the other end closed the connection'
  #writable: Deferred | null = null
  #receiver: Receiver | null = null
  /** Somebody has seen that it is congested. */
  #congestionSeen = false

  constructor(socket: Socket, { maxFrameBytes = defaultMaxFrameBytes, pauses, reader }: SocketLinkOptions) {
    this.#reader = reader ?? null
    this.#socket = socket
    this.maxFrameBytes = maxFrameBytes
    this.#pauses = pauses
  }

  open(receiver: Receiver): void {
    const socket = this.#socket
    this.#receiver = receiver
    if (this.#reader === null) {
      const inbox = new Inbox(receiver, this.maxFrameBytes)
      socket.on('data', (chunk: Buffer) => inbox.push(chunk))
    } else {
      this.#reader.open(new Inbox(receiver, this.maxFrameBytes, 'reused'))
    }
    socket.on('drain', () => this.#drained())
    socket.on('error', (error) => {
      this.#reason = error.message
    })
    socket.on('close', () => {
      this.#ended = true
      this.#drained()
      receiver.lost(this.#reason)
    })
  }

  send(frame: Frame): void {
    if (this.#ended) return
    this.#outbox.push(frame)
    if (this.#pauses && this.#outbox.bytes > pauseBytes && this.#socket.writableNeedDrain)
      this.#socket.pause()
    if (this.#scheduled) return
    this.#scheduled = true
    // not nextTick: node:http2 calls back once a stream, so every request would get a write of its own
    setImmediate(flush, this)
  }

  withdraw(id: number): boolean {
    return this.#outbox.withdraw(id)
  }

  get isCongested(): boolean {
    if (this.#outbox.bytes < congestedBytes || !this.#socket.writableNeedDrain) return false
    this.#congestionSeen = true
    return true
  }

  writable(): void | Promise<void> {
    if (this.#ended || !this.#socket.writableNeedDrain) return
    this.#writable ??= deferred()
    return this.#writable.promise
  }

  end(): void {
    if (this.#ended) return
    if (!this.#pauses && this.#socket.writableNeedDrain) return this.#cut()
    while (!this.#outbox.empty) this.#writeSome(Number.POSITIVE_INFINITY)
    this.#ended = true
    this.#reason = 'this end closed the connection'
    this.#socket.end()
    // a peer that never closes its half, or takes no bytes any more, must not keep the socket
    this.#socket.destroySoon()
    this.#socket.once(
      'close',
      systemClock.after(lastBytesMs, () => this.#socket.destroy()),
    )
  }

  /** A pod that takes nothing need not be told: its calls end with the connection. */
  #cut(): void {
    this.#ended = true
    this.#reason = 'this end closed the connection'
    this.#socket.destroy()
  }

  flush(): void {
    this.#scheduled = false
    if (!this.#ended) this.#write()
  }

  /** Writes until the system takes no more. */
  #write(): void {
    while (!this.#outbox.empty && !this.#socket.writableNeedDrain) this.#writeSome(writeBytes)
  }

  #writeSome(maxBytes: number): void {
    const pieces = this.#outbox.takePieces(maxBytes)
    if (pieces.length === 1) {
      this.#socket.write(pieces[0]!)
      return
    }
    this.#socket.cork()
    for (const piece of pieces) this.#socket.write(piece)
    this.#socket.uncork()
  }

  #drained(): void {
    this.#writable?.resolve()
    this.#writable = null
    if (this.#ended) return
    if (this.#socket.isPaused()) this.#socket.resume()
    this.#write()
    if (!this.#congestionSeen || this.isCongested) return
    this.#congestionSeen = false
    this.#receiver?.drained?.()
  }
}

function flush(link: SocketLink): void {
  link.flush()
}
