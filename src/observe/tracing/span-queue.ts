import type { Clock } from '../../lib/clock.js'
import type { SpanSender } from './send-spans.js'
import { SpanBuffer } from './span-buffer.js'
import type { SpanRecord } from './span-record.js'
import { reasonOf } from '../../lib/reason.js'

/** Spans of one message to the collector: some 700 KB. */
const batch = 4096

/** At most this many spans wait; further ones are dropped. Waiting spans and those being sent take about 8 MB. */
const most = 32_768

/** Bytes of memory to begin with: a pod may have few spans. */
const firstBytes = 4096

/** Milliseconds until spans are sent that do not fill a message. */
const lingerMs = 1000

/** How long the end of a process waits for a collector, in milliseconds. */
export const lastSpansMs = 2000

/**
 * Spans on their way to the collector.
 *
 * 1. At most `most` spans wait; further ones are dropped, and counted.
 * 2. One message is on its way at a time. A message that the collector has not taken is dropped.
 * 3. A span is encoded when it has ended. As objects the spans of a second survive several garbage collections, each of which
 *    copies them: that cost more than all else about a span.
 * 4. Nobody waits for the collector but `close()`, and that for at most `lastSpansMs`.
 */
export class SpanQueue {
  readonly #sender: SpanSender
  readonly #clock: Clock
  readonly #say: (sentence: string) => void
  /** Messages that are full, each with `batch` spans. */
  #full: SpanBuffer[] = []
  /** The message that is not full. */
  #open = new SpanBuffer(firstBytes)
  /** Memory of a message that was sent: new memory for each costs as much as the spans that are written into it. */
  #spare: SpanBuffer | undefined
  #sending: Promise<void> | undefined
  #cancelTimer: (() => void) | undefined
  #isClosed = false
  #hasFailed = false
  #dropped = 0

  constructor(
    sender: SpanSender,
    { clock, say }: { readonly clock: Clock; readonly say: (sentence: string) => void },
  ) {
    this.#sender = sender
    this.#clock = clock
    this.#say = say
  }

  /** Takes a span that has ended. */
  push(span: SpanRecord): void {
    if (this.#isClosed) return
    if (this.#waiting >= most) return this.#drop()
    this.#open.add(span)
    if (this.#open.count === batch) this.#full.push(this.#takeOpen())
    if (this.#sending !== undefined) return
    if (this.#full.length > 0) return this.#start()
    this.#cancelTimer ??= this.#clock.after(lingerMs, () => this.#start())
  }

  /** Sends what is left. Idempotent; never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer?.()
    let cancel = (): void => {}
    const late = new Promise<void>((resolve) => {
      cancel = this.#clock.after(lastSpansMs, resolve)
    })
    await Promise.race([this.#sendAll().then(() => this.#sender.close()), late])
    cancel()
  }

  async #sendAll(): Promise<void> {
    await this.#sending
    while (this.#waiting > 0) await this.#send()
  }

  get #waiting(): number {
    return this.#full.length * batch + this.#open.count
  }

  #takeOpen(): SpanBuffer {
    const spans = this.#open
    this.#open = this.#spare ?? new SpanBuffer(spans.end)
    this.#spare = undefined
    return spans
  }

  #start(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#waiting === 0) return
    this.#sending = this.#send().finally(() => {
      this.#sending = undefined
      if (this.#isClosed || this.#waiting === 0) return
      if (this.#full.length > 0) return this.#start()
      this.#cancelTimer ??= this.#clock.after(lingerMs, () => this.#start())
    })
  }

  async #send(): Promise<void> {
    const spans = this.#full.shift() ?? this.#takeOpen()
    try {
      await this.#sender.send(spans)
      this.#hasFailed = false
    } catch (error) {
      if (this.#hasFailed) return
      this.#hasFailed = true
      const reason = reasonOf(error)
      const { url } = this.#sender
      const port = url.includes(':4317')
        ? ' Port 4317 is usually that of OTLP over gRPC; over HTTP it is 4318.'
        : ''
      this.#say(`Spans could not be sent to ${url} and are lost: ${reason}.${port}`)
    } finally {
      spans.clear()
      this.#spare = spans
    }
  }

  #drop(): void {
    this.#dropped++
    if (this.#dropped > 1 && this.#dropped % 100_000 !== 0) return
    this.#say(
      `Spans are dropped, because ${this.#sender.url} takes them too slowly: ${this.#dropped} so far. A smaller tracing.samplingRatio makes fewer.`,
    )
  }
}
