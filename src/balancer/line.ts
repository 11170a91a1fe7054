import type { Sender } from '../call/call.js'

/** Somebody who waits for a replica. */
export interface Waiting {
  readonly sender: Sender
  readonly bytes: number
}

/**
 * Those who wait, first come first served for each sender, senders in turn: one that sends a thousand requests at once
 * delays another's single one by one request, not by a thousand.
 */
export class Line<W extends Waiting> {
  /** In the order of their next turn. */
  readonly #queues = new Map<Sender, W[]>()
  #length = 0
  #bytes = 0

  get length(): number {
    return this.#length
  }

  get bytes(): number {
    return this.#bytes
  }

  push(waiting: W): void {
    const queue = this.#queues.get(waiting.sender)
    if (queue === undefined) this.#queues.set(waiting.sender, [waiting])
    else queue.push(waiting)
    this.#length++
    this.#bytes += waiting.bytes
  }

  /** Takes out the first, in order of turns, that `serve` accepts; false when it accepts none of the senders' first. */
  serveNext(serve: (waiting: W) => boolean): boolean {
    for (const [sender, queue] of this.#queues) {
      const first = queue[0]!
      if (!serve(first)) continue
      queue.shift()
      this.#queues.delete(sender)
      if (queue.length > 0) this.#queues.set(sender, queue)
      this.#left(first)
      return true
    }
    return false
  }

  /** False when it is not, or no longer, in the line. */
  remove(waiting: W): boolean {
    const queue = this.#queues.get(waiting.sender)
    const at = queue?.indexOf(waiting) ?? -1
    if (queue === undefined || at < 0) return false
    queue.splice(at, 1)
    if (queue.length === 0) this.#queues.delete(waiting.sender)
    this.#left(waiting)
    return true
  }

  /** Everybody leaves. */
  clear(): W[] {
    const all = [...this.#queues.values()].flat()
    this.#queues.clear()
    this.#length = 0
    this.#bytes = 0
    return all
  }

  #left({ bytes }: W): void {
    this.#length--
    this.#bytes -= bytes
  }
}
