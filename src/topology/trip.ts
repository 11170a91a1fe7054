import { AnswerMemory } from '../budget/answer-memory.js'
import type { Call } from '../call/call.js'
import { maybeRun } from '../call/outcome.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import type { Coverages } from '../wire/coverage.js'
import { coverageIn, withCoverage } from '../wire/coverage-bytes.js'
import type { DataRequest, Route } from '../wire/data-request.js'
import { resultsIn, withResults } from '../wire/results.js'
import { areSpecific, parametersFor } from './parameters.js'
import type { Stage } from './stage.js'

/** Name of the gateway's own entry in `routes`. */
const gateway = 'gateway'

/** The progress of one request through the stages: its routes, and the answer so far. */
export class Trip {
  readonly #clock: Clock
  readonly #parameters: Uint8Array | undefined
  /** Whether some stages get different parameters. */
  readonly #isSpecific: boolean
  readonly #isStream: boolean
  readonly #routes: Route[]
  /** Results by stage. */
  #results: Map<string, Uint8Array> | undefined
  #hops = 0
  /** Whether a stage has answered with an error. */
  #isFailed = false
  #coverages: Coverages | undefined
  #memory: AnswerMemory | undefined
  #current: DataRequest

  /** `isStream`: many documents visit a stage, and it has one route. */
  constructor(
    request: DataRequest,
    stages: ReadonlySet<string>,
    { clock, isStream = false }: { readonly clock: Clock; readonly isStream?: boolean },
  ) {
    const { parameterBytes } = request
    this.#clock = clock
    this.#isStream = isStream
    this.#current = request
    this.#parameters = parameterBytes
    this.#isSpecific = parameterBytes !== undefined && areSpecific(parameterBytes, stages)
    this.#routes = [{ executor: gateway, startTime: this.#now() }]
  }

  /** Records a stage without an Executor. */
  pass(executor: string): void {
    const route = this.#routeOf(executor)
    route.endTime = this.#now()
  }

  /** Records a stage whose answer the client does not wait for. */
  begin(executor: string): void {
    this.#routeOf(executor)
  }

  /** Whether a stage has answered with an error, which is the answer of the trip then. */
  get isFailed(): boolean {
    return this.#isFailed
  }

  /** How many hops have begun. */
  get hops(): number {
    return this.#hops
  }

  /** Sends the current request to a stage. Resolves with its answer, which may be an error. */
  visit(stage: Stage, call: Call): Promise<DataRequest> {
    return this.hop(stage, this.#current, call)
  }

  /** As `visit`, but for a given request: one document of a stream, or the answer of a branch. */
  async hop({ name, handle }: Stage, given: DataRequest, call: Call): Promise<DataRequest> {
    const request = this.requestFor(name, given)
    const route = this.#routeOf(name)
    const isFirst = this.#hops++ === 0
    const answered = handle(request, call)
    const answer = await (isFirst ? answered : answered.catch(throwBegun))
    route.endTime = this.#now()
    this.#collect(name, answer)
    const { status } = answer
    // in a stream, an earlier stage may still succeed after this error
    if (!this.#isFailed) this.#current = answer
    if (status?.code === 'ERROR') {
      this.#isFailed = true
      route.status = status
    }
    return answer
  }

  /** A copy of a request with the parameters for one stage. */
  requestFor(stage: string, given: DataRequest): DataRequest {
    const request = given.copy()
    request.targetExecutor = ''
    request.parameterBytes = this.#parametersFor(stage)
    return request
  }

  /** Reserves the bytes of the last answer, and releases those of the one before. Throws RESOURCE_EXHAUSTED when they do not fit. */
  hold({ data }: DataRequest, { memory }: Call): void {
    if (data === undefined || memory === undefined) return
    this.#memory ??= new AnswerMemory(memory)
    this.#memory.replace(data.length)
  }

  /** Sets the answer of the trip, unless a stage has answered with an error. */
  conclude(answer: DataRequest): void {
    if (!this.#isFailed) this.#current = answer
  }

  /** Releases what is reserved for answers. */
  close(): void {
    this.#memory?.close()
  }

  /** `ranks`: the order of routes and results, by stage; default: the order in which the stages were visited. */
  response(ranks?: ReadonlyMap<string, number>): DataRequest {
    const response = this.#current.answer()
    const results = this.#results
    const parameters =
      results === undefined
        ? this.#parameters
        : withResults(this.#parameters, ranks === undefined ? [...results.values()] : ranked(results, ranks))
    response.targetExecutor = ''
    response.parameterBytes =
      this.#coverages === undefined ? parameters : withCoverage(parameters, this.#coverages)
    this.#routes[0]!.endTime = this.#now()
    if (ranks !== undefined) this.#routes.sort((left, right) => rankOf(left, ranks) - rankOf(right, ranks))
    response.routes = this.#routes
    return response
  }

  #parametersFor(stage: string): Uint8Array | undefined {
    const parameters = this.#parameters
    return this.#isSpecific && parameters !== undefined ? parametersFor(stage, parameters) : parameters
  }

  /** The route entry of a stage; in a stream a stage has one, however many documents go through it. */
  #routeOf(executor: string): Route {
    const known = !this.#isStream ? undefined : this.#routes.find((route) => route.executor === executor)
    if (known !== undefined) return known
    const route: Route = { executor, startTime: this.#now() }
    this.#routes.push(route)
    return route
  }

  #collect(stage: string, { parameterBytes }: DataRequest): void {
    if (parameterBytes === undefined) return
    const results = resultsIn(parameterBytes)
    if (results !== undefined) (this.#results ??= new Map()).set(stage, results)
    const coverages = coverageIn(parameterBytes)
    if (coverages !== undefined) this.#coverages = worse(this.#coverages, coverages)
  }

  #now(): Date {
    return new Date(this.#clock.now())
  }
}

/** The gateway's own route comes first. */
function rankOf({ executor }: Route, ranks: ReadonlyMap<string, number>): number {
  return ranks.get(executor) ?? -1
}

function ranked(
  results: ReadonlyMap<string, Uint8Array>,
  ranks: ReadonlyMap<string, number>,
): readonly Uint8Array[] {
  return [...results]
    .sort(([left], [right]) => ranks.get(left)! - ranks.get(right)!)
    .map(([, result]) => result)
}

/** Merges coverages. When several documents of a stream visited a stage, a coverage with failed shards is kept. */
function worse(known: Coverages | undefined, more: Coverages): Coverages {
  const missing = Object.entries(known ?? {}).filter(([, { failed }]) => failed > 0)
  return { ...known, ...more, ...Object.fromEntries(missing) }
}

/** Rethrows a failure after an earlier stage has already handled the request, so it may have run. */
function throwBegun(error: unknown): never {
  throw maybeRun(MillraceError.from(error))
}
