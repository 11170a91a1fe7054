import type { Socket } from 'node:net'
import { systemClock } from '../../lib/clock.js'
import { type Deferred, deferred } from '../../lib/deferred.js'
import { defaultMaxFrameBytes, type Frame } from '../frames/frame.js'
import { Inbox } from '../frames/inbox.js'
import type { Link, Receiver } from '../frames/link.js'
import { Outbox } from '../frames/outbox.js'
import type { SocketReader } from './reader.js'

/** With more unsent bytes for a peer that does not read, the serving side stops reading. */
const pauseBytes = 4 * 1024 * 1024

/** Bytes to pass to the system at once (or one frame); the rest can still be withdrawn. */
const writeBytes = 1024 * 1024

/** With more unsent bytes for a peer that does not read, the link is congested. */
const congestedBytes = 4 * 1024 * 1024

/** How long flushing may take when this side closes. */
const lastBytesMs = 1000

export interface SocketLinkOptions {
  /** The reader that the socket was created with; default: `data` events. */
  readonly reader?: SocketReader
  readonly maxFrameBytes?: number | undefined
  /** Whether to stop reading while the peer does not read. Only on the serving side: with both, they could deadlock. */
  readonly pauses: boolean
}

/** Frames over a stream socket; the frames of one turn of the event loop are written with one system call. */
export class SocketLink implements Link {
  readonly maxFrameBytes: number
  readonly #socket: Socket
  readonly #pauses: boolean
  readonly #reader: SocketReader | null
  readonly #outbox = new Outbox()
  #scheduled = false
  #ended = false
  #reason = 'the peer closed the connection'
  #writable: Deferred | null = null
  #receiver: Receiver | null = null
  /** `isCongested` has returned true: the receiver must be told when the link has drained. */
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
    // not nextTick: requests of several connections are read in one turn, and would cost a write for each connection
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
    // a peer that never half-closes, or does not read, must not keep the socket open
    this.#socket.destroySoon()
    this.#socket.once(
      'close',
      systemClock.after(lastBytesMs, () => this.#socket.destroy()),
    )
  }

  /** Closes without flushing, for a pod that does not read: its calls end with the connection. */
  #cut(): void {
    this.#ended = true
    this.#reason = 'this end closed the connection'
    this.#socket.destroy()
  }

  flush(): void {
    this.#scheduled = false
    if (!this.#ended) this.#write()
  }

  /** Writes until the socket's buffer is full. */
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
