import { decodeText } from '../lib/protobuf/text.js'
import { joined } from '../wire/pieces.js'
import { tooLarge } from './too-large.js'

/** A server-sent event. */
export interface ServerEvent {
  readonly name: string
  readonly data: string
}

const lineFeed = 0x0a
const carriageReturn = 0x0d

/**
 * Parses a body of server-sent events in pieces (HTML, 9.2.6). Lines end with LF or CR LF; comments and other fields than
 * `event` and `data` are skipped.
 */
export class EventParser {
  readonly #maxLineBytes: number
  /** The beginning of a line without its end. */
  #begun: Uint8Array[] = []
  #begunBytes = 0
  #name = ''
  #data: string[] = []

  /** @param maxLineBytes a longer line is refused */
  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  /** The events that a piece completes. Throws RESOURCE_EXHAUSTED for a line that is too long. */
  push(piece: Uint8Array): readonly ServerEvent[] {
    const events: ServerEvent[] = []
    let start = 0
    for (let end = piece.indexOf(lineFeed); end >= 0; end = piece.indexOf(lineFeed, start)) {
      const event = this.#line(this.#take(piece.subarray(start, end)))
      if (event !== undefined) events.push(event)
      start = end + 1
    }
    this.#keep(piece.subarray(start))
    return events
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#grow(bytes.length)
    this.#begun.push(bytes)
  }

  #grow(bytes: number): void {
    this.#begunBytes += bytes
    if (this.#begunBytes <= this.#maxLineBytes) return
    throw tooLarge('An event', this.#maxLineBytes)
  }

  #take(last: Uint8Array): string {
    this.#grow(last.length)
    const line = joined([...this.#begun, last])
    this.#begun = []
    this.#begunBytes = 0
    return decodeText(line, 0, line.at(-1) === carriageReturn ? line.length - 1 : line.length)
  }

  #line(line: string): ServerEvent | undefined {
    if (line === '') return this.#complete()
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'event') this.#name = value
    else if (field === 'data') this.#data.push(value)
    return undefined
  }

  #complete(): ServerEvent | undefined {
    const event = { name: this.#name, data: this.#data.join('\n') }
    this.#name = ''
    this.#data = []
    return event.name === '' && event.data === '' ? undefined : event
  }
}
