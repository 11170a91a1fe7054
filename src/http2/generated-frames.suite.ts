import { frameFlag } from './codes.js'
import {
  below,
  dataFrame,
  type Fields,
  GeneratedBlocks,
  headerFrames,
  idleFrame,
  joined,
  plainFields,
  type Random,
} from './generated-blocks.suite.js'
import { hello } from './in-memory.suite.js'

/** A request as it was sent; complete when its end was sent. */
export interface Sent {
  readonly headers: Record<string, string>
  body: string
  isComplete: boolean
}

interface Open {
  readonly id: number
  readonly sent: Sent
}

/** What a client may send on one connection: requests in every encoding, mixed with frames that change nothing. */
export function generated(random: Random): { readonly bytes: Buffer; readonly sent: readonly Sent[] } {
  const client = new GeneratedClient(random)
  for (let step = 10 + below(random, 40); step > 0; step--) client.step()
  return { bytes: Buffer.concat(client.parts), sent: client.sent }
}

class GeneratedClient {
  readonly parts: Buffer[] = [hello]
  readonly sent: Sent[] = []
  readonly #random: Random
  readonly #open: Open[] = []
  readonly #encoder: GeneratedBlocks
  #nextId = 1

  constructor(random: Random) {
    this.#random = random
    this.#encoder = new GeneratedBlocks(random)
  }

  step(): void {
    const kind = below(this.#random, 10)
    if (kind < 3 || this.#open.length === 0) this.#begin()
    else if (kind < 7) this.#continue()
    else if (kind < 8) this.#end()
    else this.parts.push(idleFrame(this.#random, this.#nextId + 100))
  }

  #begin(): void {
    const random = this.#random
    const id = this.#nextId
    this.#nextId += 2 * (1 + below(random, 3))
    const fields = generatedFields(random)
    const isEnd = random() < 0.2
    this.parts.push(...headerFrames(random, { id, block: this.#encoder.encode(fields), isEnd }))
    const sent: Sent = { headers: joined(fields), body: '', isComplete: isEnd }
    this.sent.push(sent)
    if (!isEnd) this.#open.push({ id, sent })
  }

  #continue(): void {
    const random = this.#random
    const { id, sent } = this.#open[below(random, this.#open.length)]!
    const text = String.fromCharCode(97 + below(random, 26)).repeat(
      1 + below(random, random() < 0.1 ? 9000 : 200),
    )
    sent.body += text
    this.parts.push(dataFrame(random, { id, text, flags: 0 }))
  }

  /** With DATA or with trailers. */
  #end(): void {
    const random = this.#random
    const [{ id, sent }] = this.#open.splice(below(random, this.#open.length), 1) as [Open]
    sent.isComplete = true
    if (random() < 0.3) {
      const block = this.#encoder.encode([['x-trailer', 'yes']])
      this.parts.push(...headerFrames(random, { id, block, isEnd: true }))
    } else this.parts.push(dataFrame(random, { id, text: '', flags: frameFlag.endStream }))
  }
}

function generatedFields(random: Random): Fields {
  return [
    [':method', random() < 0.5 ? 'POST' : 'PUT'],
    [':scheme', 'http'],
    [':path', `/${below(random, 5)}`],
    [':authority', 'here'],
    ...plainFields(random),
  ]
}
