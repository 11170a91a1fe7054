import { once } from 'node:events'
import { Document, Executor } from 'millrace'

/** Answers other languages, and tells which calls it saw aborted. */
export class Answers extends Executor {
  static module = import.meta.url
  static requests = { '/count': 'count', '/wait': 'wait', '/forever': 'forever', '/aborted': 'aborted' }
  #abort
  #aborted = new Promise((resolve) => (this.#abort = resolve))

  async *count(_doc, { parameters }) {
    for (let number = 0; number < parameters.count; number++) yield new Document({ text: String(number) })
  }

  async wait(_docs, { signal }) {
    await once(signal, 'abort')
    this.#abort()
  }

  async *forever(_doc, { signal }) {
    signal.addEventListener('abort', this.#abort)
    for (let number = 0; ; number++) {
      yield new Document({ text: String(number) })
      await new Promise(setImmediate)
    }
  }

  /** Answers once an earlier call was aborted. */
  async aborted() {
    await this.#aborted
    this.#aborted = new Promise((resolve) => (this.#abort = resolve))
  }
}
