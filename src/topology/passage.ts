import { Branch } from '../call/branch.js'
import type { Call } from '../call/call.js'
import type { AbortListener } from '../call/cancellation.js'
import { maybeRun } from '../call/outcome.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { type Deferred, deferred } from '../lib/deferred.js'
import type { DataRequest } from '../wire/data-request.js'
import type { Background } from './background.js'
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
}

/** A request and where it goes. */
export interface Passenger {
  readonly request: DataRequest
  readonly call: Call
  /** The stages that its `target_executor` matches; undefined when it has none. */
  readonly chosen: ReadonlySet<string> | undefined
}

/**
 * The passage of one request through a graph.
 *
 * 1. A stage starts when all stages that it needs have passed on their answers; a join then makes one request of them, in the
 *    order of its `needs`, whichever came first.
 * 2. The first awaited stage that fails ends the passage: the hops of other branches are aborted, and no stage starts anymore
 *    that the answer would have waited for. The same happens when the call is aborted.
 * 3. Stages that the answer does not wait for run in the background. What they do cannot change the answer.
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
  #isSettled = false

  constructor(tools: PassageTools, passenger: Passenger) {
    const { request, call } = passenger
    this.#tools = tools
    this.#passenger = passenger
    this.#trip = new Trip(request, tools.names, tools.clock)
    this.#outputs = new Outputs(request, call.memory)
    this.#missing = tools.layout.vertices.map(({ needs }) => needs.length)
    this.#branch = new Branch(call)
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
    const { stage } = vertex
    try {
      const given = vertex.needs.length === 1 ? this.#outputs.given(vertex)[0]! : await this.#join(vertex)
      if (this.#isSettled) return
      if (!this.#reaches(vertex)) return this.#pass(vertex, given)
      this.#isServed = true
      const answer = await this.#trip.hop(stage, given, this.#branch)
      if (this.#isSettled) return
      this.#outputs.answer(vertex, answer)
      if (this.#trip.isFailed) this.#finish()
      else this.#leave(vertex, answer)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Starts a hop that the answer does not wait for. */
  #send(vertex: Vertex): void {
    const { stage, needs } = vertex
    const parts = this.#outputs.given(vertex)
    const isJoin = needs.length > 1
    if (!isJoin && !this.#reaches(vertex)) return this.#pass(vertex, parts[0]!)
    const { background, names, clock } = this.#tools
    const { request, call } = this.#passenger
    const isHop = this.#reaches(vertex)
    if (isHop) this.#isServed = true
    const aside = (this.#aside ??= new Trip(request, names, clock))
    if (isHop && !this.#isSettled) this.#trip.begin(stage.name)
    background.start({
      stage: stage.name,
      bytes: parts.reduce((sum, part) => sum + bytesOf(part), 0),
      from: call,
      run: async (own) => {
        const given = isJoin ? await this.#join(vertex, own) : parts[0]!
        return isHop ? aside.hop(stage, given, own) : given
      },
      onAnswer: (answer) => {
        this.#outputs.pass(vertex, answer)
        this.#start(vertex.followers)
      },
    })
  }

  /** Whether the request has a hop to the stage; records stages without an Executor. */
  #reaches({ stage, isAwaited }: Vertex): boolean {
    const { request, chosen } = this.#passenger
    if (!visits(stage, request.endpoint, chosen)) return false
    if (!stage.passThrough) return true
    if (isAwaited) this.#trip.pass(stage.name)
    return false
  }

  async #join(vertex: Vertex, call: Call = this.#branch): Promise<DataRequest> {
    const { stage } = vertex
    const answers = this.#outputs.given(vertex)
    try {
      return await stage.join({
        request: this.#trip.requestFor(stage.name, this.#passenger.request),
        call,
        answers,
        from: stage.needs,
      })
    } catch (error) {
      throw MillraceError.from(error).at({ deployment: stage.name })
    }
  }

  #pass(vertex: Vertex, given: DataRequest): void {
    this.#outputs.pass(vertex, given)
    this.#leave(vertex, given)
  }

  #leave(vertex: Vertex, output: DataRequest): void {
    this.#start(vertex.followers)
    if (vertex !== this.#tools.layout.last) return
    this.#trip.conclude(output)
    this.#finish()
  }

  #finish(): void {
    if (this.#isSettled) return
    const { layout, unserved } = this.#tools
    if (!this.#isServed) unserved.check(this.#passenger.request.endpoint)
    const answer = this.#trip.response(layout.ranks)
    this.#settle(new MillraceError('CANCELLED', 'Another branch was answered with an error.'))
    this.#answer.resolve(answer)
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
