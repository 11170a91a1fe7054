import type { Message } from './method.js'

/**
 * A message for grpc-js to send. It asks what `serialize` gives for `byteLength` and then has it `copy` itself behind the
 * five bytes of a frame, so that pieces can be copied straight to their place instead of being joined first, which would
 * touch every byte twice.
 */
export function asBuffer(message: Message): Buffer {
  const [first] = message
  if (message.length === 1 && Buffer.isBuffer(first)) return first
  return new Gathered(message) as unknown as Buffer
}

class Gathered {
  readonly byteLength: number
  readonly #parts: Message

  constructor(parts: Message) {
    this.#parts = parts
    let length = 0
    for (const part of parts) length += part.length
    this.byteLength = length
  }

  copy(target: Buffer, offset: number): void {
    let at = offset
    for (const part of this.#parts) {
      target.set(part, at)
      at += part.length
    }
  }
}
