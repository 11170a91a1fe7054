import { AnswerMemory } from '../budget/answer-memory.js'
import type { Holding } from '../budget/budget.js'
import type { DataRequest } from '../wire/data-request.js'
import type { Base } from '../shards/reduce.js'
import type { Vertex } from './layout.js'

interface Output {
  readonly request: DataRequest
  /** Bytes that are reserved for it. */
  readonly bytes: number
  /** Its bytes are those of this output, because its stage passed the request on. */
  readonly same: Output | undefined
  /** Its branch has no documents left because of a condition. */
  readonly isLeftOut: boolean
  /** Followers that have not answered yet, or passed it on to be used elsewhere. */
  uses: number
}

/**
 * What the stages of a graph passed on for one request. The bytes of an answer stay reserved until the last stage that needs
 * it has answered.
 */
export class Outputs {
  readonly #request: DataRequest
  readonly #memory: AnswerMemory | undefined
  readonly #outputs: (Output | undefined)[] = []

  constructor(request: DataRequest, memory: Holding | undefined) {
    this.#request = request
    this.#memory = memory && new AnswerMemory(memory)
  }

  /** What a vertex gets: one request for each vertex that it needs. */
  given({ needs }: Vertex): readonly DataRequest[] {
    return needs.map((need) => (need < 0 ? this.#request : this.#outputs[need]!.request))
  }

  /** What the branches of a join of changes began with. */
  base({ origin }: Vertex): Base | undefined {
    if (origin === undefined) return undefined
    const { index, isWhole } = origin
    return { request: index < 0 ? this.#request : this.#outputs[index]!.request, isWhole }
  }

  /** For each vertex that a vertex needs, whether conditions have left out all documents on the way to it. */
  leftOut({ needs }: Vertex): readonly boolean[] {
    return needs.map((need) => this.#outputs[need]?.isLeftOut === true)
  }

  /** Stores the answer of a stage. Throws RESOURCE_EXHAUSTED when it does not fit. */
  answer(vertex: Vertex, request: DataRequest): void {
    const bytes = bytesOf(request)
    this.#memory?.add(bytes)
    this.#outputs[vertex.index] = { request, bytes, same: undefined, isLeftOut: false, uses: usesOf(vertex) }
    for (const need of vertex.needs) this.#used(this.#outputs[need])
    if (vertex.origin !== undefined) this.#used(this.#outputs[vertex.origin.index])
  }

  /** Stores that a stage passes on what it got: the output of the one vertex that it needs, or the merge of several. */
  pass(vertex: Vertex, request: DataRequest, isLeftOut: boolean): void {
    const [need = -1, ...others] = vertex.needs
    // a merge shares the bytes of its parts, which stay reserved
    const same = others.length === 0 ? this.#outputs[need] : undefined
    this.#outputs[vertex.index] = { request, bytes: 0, same, isLeftOut, uses: usesOf(vertex) }
  }

  close(): void {
    this.#memory?.close()
  }

  #used(output: Output | undefined): void {
    if (output === undefined || --output.uses > 0) return
    this.#memory?.release(output.bytes)
    this.#used(output.same)
  }
}

/** The last stage's output is used by the answer to the client. */
function usesOf({ followers, joinsBegun }: Vertex): number {
  return Math.max(1, followers.length + joinsBegun)
}

/** Bytes of the documents of a request, as far as they are encoded. */
export function bytesOf({ data }: DataRequest): number {
  return data?.length ?? 0
}
