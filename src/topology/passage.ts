import { Branch } from '../call/branch.js'
import type { Call } from '../call/call.js'
import type { AbortListener } from '../call/cancellation.js'
import { maybeRun } from '../call/outcome.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { type Deferred, deferred } from '../lib/deferred.js'
import { inSlices } from '../lib/slices.js'
import type { DataRequest } from '../wire/data-request.js'
import { sortedAs } from '../wire/lists/sort.js'
import type { Background } from './background.js'
import type { Condition } from './condition.js'
import type { Layout, Vertex } from './layout.js'
import { bytesOf, Outputs } from './outputs.js'
import { visits } from './stage.js'
import { Trip } from './trip.js'
import type { Unserved } from './unserved.js'

export interface PassageTools {
  readonly layout: Layout
  /** Names of the stages that have an Executor. */
  readonly names: ReadonlySet<string>
  readonly clock: Clock
  readonly unserved: Unserved
  readonly background: Background
  /** The answer is what the last stage would get, which is not visited. Default false. */
  readonly endsBefore?: boolean
}

/** How a request reaches a stage: with a hop, or it passes a stage without an Executor, or goes by. */
type Reach = 'hop' | 'pass' | 'none'

/** What a stage gets. */
interface Prepared {
  readonly request: DataRequest
  /** A condition has left no documents, so there is no hop. */
  readonly isLeftOut: boolean
}

/** A request and where it goes. */
export interface Passenger {
  readonly request: DataRequest
  readonly call: Call
  /** The stages that its `target_executor` matches; undefined when it has none. */
  readonly chosen: ReadonlySet<string> | undefined
  /** Of which this passage is a part. Default: its own. */
  readonly trip?: Trip
}

/**
 * The passage of one request through a graph.
 *
 * 1. A stage starts when all stages that it needs have passed on their answers; a join then makes one request of them, in the
 *    order of its `needs`, whichever came first.
 * 2. The first awaited stage that fails ends the passage: the hops of other branches are aborted, and no stage starts anymore
 *    that the answer would have waited for. The same happens when the call is aborted.
 * 3. A branch whose documents a condition (`when`) has left out costs no hops. A join merges what is left.
 * 4. Stages that the answer does not wait for run in the background. What they do cannot change the answer.
 */
export class Passage implements AbortListener {
  readonly #tools: PassageTools
  readonly #passenger: Passenger
  /** The call of all awaited hops. */
  readonly #branch: Branch
  readonly #trip: Trip
  readonly #outputs: Outputs
  /** How many needs of each vertex are still to come. */
  readonly #missing: number[]
  readonly #answer: Deferred<DataRequest> = deferred()
  /** The hops in the background: their failures, results and routes are not those of the answer. */
  #aside: Trip | undefined
  #isServed = false
  /** Whether a condition of an awaited stage was applied. */
  #isFiltered = false
  #isSettled = false

  constructor(tools: PassageTools, passenger: Passenger) {
    const { request, call } = passenger
    this.#tools = tools
    this.#passenger = passenger
    this.#trip = passenger.trip ?? new Trip(request, tools.names, tools)
    this.#outputs = new Outputs(request, call.memory)
    this.#missing = tools.layout.vertices.map(({ needs }) => needs.length)
    this.#branch = new Branch(call, { items: null })
  }

  /** Resolves with the answer to the client. Call it once. */
  run(): Promise<DataRequest> {
    const { layout } = this.#tools
    this.#passenger.call.onAbort(this)
    if (!this.#isSettled) this.#start(layout.origins)
    try {
      if (layout.last === undefined) this.#finish()
    } catch (error) {
      this.#fail(error)
    }
    return this.#answer.promise
  }

  /** The call was aborted. */
  abort(reason: MillraceError): void {
    this.#fail(reason)
  }

  #start(vertices: readonly Vertex[]): void {
    for (const vertex of vertices) {
      if (vertex.isAwaited && this.#isSettled) continue
      const missing = --this.#missing[vertex.index]!
      if (missing > 0) continue
      if (vertex.isAwaited)
        void this.#visit(vertex) // never rejects
      else this.#send(vertex)
    }
  }

  async #visit(vertex: Vertex): Promise<void> {
    const { stage, needs } = vertex
    try {
      const reach = this.#reachOf(vertex)
      const isPlain = needs.length === 1 && stage.when === undefined
      const prepared = isPlain ? this.#plain(vertex) : await this.#prepare(vertex, reach, this.#branch)
      if (this.#isSettled) return
      if (reach === 'hop' && !prepared.isLeftOut && !this.#isEnd(vertex)) {
        const answer = await this.#trip.hop(stage, prepared.request, this.#branch)
        if (this.#isSettled) return
        this.#outputs.answer(vertex, answer)
        if (this.#trip.isFailed) this.#finish()
        else await this.#leave(vertex, answer)
      } else {
        if (reach === 'pass' && !prepared.isLeftOut) this.#trip.pass(stage.name)
        this.#outputs.pass(vertex, prepared.request, prepared.isLeftOut)
        await this.#leave(vertex, prepared.request)
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Starts a stage that the answer does not wait for. */
  #send(vertex: Vertex): void {
    const { stage } = vertex
    const reach = this.#reachOf(vertex)
    const isPlain = vertex.needs.length === 1 && stage.when === undefined
    if (isPlain && (reach !== 'hop' || this.#plain(vertex).isLeftOut)) {
      const { request, isLeftOut } = this.#plain(vertex)
      this.#outputs.pass(vertex, request, isLeftOut)
      return this.#start(vertex.followers)
    }
    const { background, names } = this.#tools
    const { request, call } = this.#passenger
    const aside = (this.#aside ??= new Trip(request, names, this.#tools))
    if (reach === 'hop' && !this.#isSettled) this.#trip.begin(stage.name)
    let isLeftOut = false
    background.start({
      stage: stage.name,
      bytes: this.#outputs.given(vertex).reduce((sum, part) => sum + bytesOf(part), 0),
      from: call,
      run: async (own) => {
        const prepared = isPlain ? this.#plain(vertex) : await this.#prepare(vertex, reach, own)
        ;({ isLeftOut } = prepared)
        return reach === 'hop' && !isLeftOut ? aside.hop(stage, prepared.request, own) : prepared.request
      },
      onAnswer: (answer) => {
        this.#outputs.pass(vertex, answer, isLeftOut)
        this.#start(vertex.followers)
      },
    })
  }

  #reachOf({ stage }: Vertex): Reach {
    const { request, chosen } = this.#passenger
    if (!visits(stage, request.endpoint, chosen)) return 'none'
    if (stage.passThrough) return 'pass'
    this.#isServed = true
    return 'hop'
  }

  /** What a stage gets that needs one other, without a condition. */
  #plain(vertex: Vertex): Prepared {
    return { request: this.#outputs.given(vertex)[0]!, isLeftOut: this.#outputs.leftOut(vertex)[0]! }
  }

  /** Applies the condition of a stage to what its branches pass on, and makes one request of them. */
  async #prepare(vertex: Vertex, reach: Reach, call: Call): Promise<Prepared> {
    const { stage } = vertex
    try {
      const request = this.#trip.requestFor(stage.name, this.#passenger.request)
      const parts = this.#outputs.given(vertex)
      const when = reach === 'none' ? undefined : stage.when
      if (when !== undefined && vertex.isAwaited) this.#isFiltered = true
      const kept = when === undefined ? parts : await this.#keep(when, parts, { request, call })
      const leftOut = this.#outputs.leftOut(vertex)
      const isLeftOut = kept.every((part, index) => part === undefined || leftOut[index])
      const answers = kept.map((part, index) => part ?? parts[index]!.withList([]))
      const [only, ...others] = answers
      if (others.length === 0) return { request: only!, isLeftOut }
      const base = this.#outputs.base(vertex)
      return { request: await stage.join({ request, call, answers, from: stage.needs, base }), isLeftOut }
    } catch (error) {
      throw MillraceError.from(error).at({ deployment: stage.name })
    }
  }

  /** The parts with the documents that pass a condition; undefined for one that has none left. */
  async #keep(
    when: Condition,
    parts: readonly DataRequest[],
    { request, call }: { readonly request: DataRequest; readonly call: Call },
  ): Promise<readonly (DataRequest | undefined)[]> {
    if (!when.admits(request, this.#passenger.call)) return parts.map(() => undefined)
    // branches that passed on one and the same request stay one and the same
    const kept = new Map<DataRequest, DataRequest | undefined>()
    for (const part of new Set(parts)) kept.set(part, await when.keep(part, call))
    return parts.map((part) => kept.get(part))
  }

  async #leave(vertex: Vertex, output: DataRequest): Promise<void> {
    this.#start(vertex.followers)
    if (vertex !== this.#tools.layout.last) return
    const sorted = this.#isFiltered ? await this.#sort(output) : output
    if (this.#isSettled) return
    this.#finish(sorted)
  }

  /** Whether the passage ends before a stage. */
  #isEnd(vertex: Vertex): boolean {
    return this.#tools.endsBefore === true && vertex === this.#tools.layout.last
  }

  /** Conditions send documents along different branches; as in Jina they come back in the order of the request. */
  async #sort(output: DataRequest): Promise<DataRequest> {
    const { list: asked } = this.#passenger.request
    const { list } = output
    if (asked === undefined || list === undefined) return output
    const pieces = await inSlices(sortedAs(list, asked), this.#branch)
    return pieces === undefined ? output : output.withList(pieces)
  }

  /** `output`: what the last stage passes on, unless a stage answered with an error. */
  #finish(output = this.#passenger.request): void {
    if (this.#isSettled) return
    const answer = this.#tools.endsBefore === true ? output : this.#respond(output)
    this.#settle(new MillraceError('CANCELLED', 'Another branch was answered with an error.'))
    this.#answer.resolve(answer)
  }

  #respond(output: DataRequest): DataRequest {
    const { layout, unserved } = this.#tools
    if (!this.#isServed) unserved.check(this.#passenger.request.endpoint)
    this.#trip.conclude(output)
    return this.#trip.response(layout.ranks)
  }

  #fail(error: unknown): void {
    if (this.#isSettled) return
    const known = MillraceError.from(error)
    this.#settle(this.#passenger.call.aborted ?? new MillraceError('CANCELLED', 'Another branch failed.'))
    const hops = this.#trip.hops + (this.#aside?.hops ?? 0)
    this.#answer.reject(hops > 1 ? maybeRun(known) : known)
  }

  /** Ends what is still under way. */
  #settle(reason: MillraceError): void {
    this.#isSettled = true
    this.#passenger.call.offAbort(this)
    this.#branch.abort(reason)
    this.#branch.unlink()
    this.#outputs.close()
  }
}
