import {
  doc,
  type DocList,
  DocumentArray,
  Executor,
  type HandlerContext,
  type NdArray,
  requests,
  tensor,
} from 'millrace'

/** Does nothing, so that only the transport is measured. */
export class NoOp extends Executor {
  @requests
  passOn(): void {}
}

/** Blocks its replica for 20 ms without using CPU, like a native call or a device. */
export class Waiting extends Executor {
  readonly #cell = new Int32Array(new SharedArrayBuffer(4))

  @requests
  wait(): void {
    Atomics.wait(this.#cell, 0, 0, 20)
  }
}

/** Waits 20 ms per request; its first replica ten times as long. */
export class OneSlow extends Executor {
  @requests
  async wait(): Promise<void> {
    await pause(this.runtimeArgs.replica === 0 ? 200 : 20)
  }
}

/** Waits 20 ms per request, one request after the other. */
export class Pacing extends Executor {
  @requests
  async wait(): Promise<void> {
    await pause(20)
  }
}

/** Waits 20 ms and half a millisecond a document, one call after the other, like a model on a device. */
export class Batched extends Executor {
  #last: Promise<void> = Promise.resolve()

  @requests('/')
  encode(docs: DocumentArray): Promise<void> {
    this.#last = this.#last.then(() => pause(20 + 0.5 * docs.length))
    return this.#last
  }
}

const Vector = doc({ embedding: tensor('float32', [384]) })

/** Reads each embedding and sends the documents back, which are checked before and after. */
export class Typed extends Executor {
  sum = 0

  @requests({ input: Vector, output: Vector })
  read(docs: DocList<typeof Vector>): void {
    for (const { embedding } of docs) this.sum += embedding.data[0]!
  }
}

/** The same without types. */
export class Untyped extends Executor {
  sum = 0

  @requests
  read(docs: DocumentArray): void {
    for (const { embedding } of docs) this.sum += (embedding as NdArray<Float32Array>).data[0]!
  }
}

/** Blocks its replica for 0.2 ms per document without using CPU, and stores nothing. */
export class WaitingEach extends Executor {
  readonly #cell = new Int32Array(new SharedArrayBuffer(4))

  @requests
  wait(docs: DocumentArray): void {
    Atomics.wait(this.#cell, 0, 0, docs.length * 0.2)
  }
}

/** Spends the same CPU on every document, about a millisecond, and stores nothing. */
export class Burning extends Executor {
  #sum = 0

  @requests
  burn(docs: DocumentArray): void {
    for (let step = 0; step < docs.length * 500_000; step++) this.#sum = (this.#sum * 31 + step) | 0
  }
}

export interface ShelfOptions {
  /** Approximate bytes of each match without its embedding. */
  readonly textBytes: number
  /** Length of the matches' embeddings; 0 for none. */
  readonly dim: number
}

/** Gives each document the requested number of matches, always the same ones, the best first. */
export class Shelf extends Executor {
  override ranking = { limit: 10, by: 'cosine', order: 'ascending' } as const
  readonly #options: ShelfOptions
  readonly #made = new Map<number, DocumentArray>()

  constructor(options: ShelfOptions) {
    super({ ...options })
    this.#options = options
  }

  @requests
  search(docs: DocumentArray, { parameters }: HandlerContext): void {
    const limit = parameters.limit as number
    let matches = this.#made.get(limit)
    if (matches === undefined) this.#made.set(limit, (matches = this.#make(limit)))
    for (const document of docs) document.matches = matches
  }

  #make(limit: number): DocumentArray {
    const { shardId, shards } = this.runtimeArgs
    const { textBytes, dim } = this.#options
    return new DocumentArray(
      Array.from({ length: limit }, (_, at) => {
        const rank = at * shards + shardId
        const embedding = dim === 0 ? {} : { embedding: new Float32Array(dim).fill(rank) }
        const scores = { cosine: { value: rank / (limit * shards) } }
        return { id: `d${rank}`, text: 'x'.repeat(textBytes), scores, ...embedding }
      }),
    )
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
