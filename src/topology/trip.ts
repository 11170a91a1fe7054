import { AnswerMemory } from '../budget/answer-memory.js'
import type { Call } from '../call/call.js'
import { maybeRun } from '../call/outcome.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { type Coverages, coverageIn, withCoverage } from '../wire/coverage.js'
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
  readonly #routes: Route[]
  /** Results by stage. */
  #results: Map<string, Uint8Array> | undefined
  #hops = 0
  /** Whether a stage has answered with an error. */
  #isFailed = false
  #coverages: Coverages | undefined
  #memory: AnswerMemory | undefined
  #current: DataRequest

  constructor(request: DataRequest, stages: ReadonlySet<string>, clock: Clock) {
    const { parameterBytes } = request
    this.#clock = clock
    this.#current = request
    this.#parameters = parameterBytes
    this.#isSpecific = parameterBytes !== undefined && areSpecific(parameterBytes, stages)
    this.#routes = [{ executor: gateway, startTime: this.#now() }]
  }

  /** Records a stage without an Executor. */
  pass(executor: string): void {
    const now = this.#now()
    this.#routes.push({ executor, startTime: now, endTime: now })
  }

  /** Sends the current request to a stage; false when it answers with an error. */
  visit(stage: Stage, call: Call): Promise<boolean> {
    return this.hop(stage, this.#current, call)
  }

  /** As `visit`, but for a given request: one document of a stream. */
  async hop({ name, handle }: Stage, given: DataRequest, call: Call): Promise<boolean> {
    const request = given.copy()
    request.targetExecutor = ''
    request.parameterBytes = this.#parametersFor(name)
    const route = this.#routeOf(name, call)
    const isFirst = this.#hops++ === 0
    const answered = handle(request, call)
    const answer = await (isFirst ? answered : answered.catch(throwBegun))
    route.endTime = this.#now()
    // the documents of a stream are bounded by its window
    if (call.items === undefined) this.#reserve(answer, call)
    this.#collect(name, answer)
    const { status } = answer
    // in a stream, an earlier stage may still succeed after this error
    if (!this.#isFailed) this.#current = answer
    if (status?.code !== 'ERROR') return true
    this.#isFailed = true
    route.status = status
    return false
  }

  /** Releases what is reserved for answers. */
  close(): void {
    this.#memory?.close()
  }

  response(): DataRequest {
    const response = this.#current.answer()
    const parameters =
      this.#results === undefined
        ? this.#parameters
        : withResults(this.#parameters, [...this.#results.values()])
    response.targetExecutor = ''
    response.parameterBytes =
      this.#coverages === undefined ? parameters : withCoverage(parameters, this.#coverages)
    this.#routes[0]!.endTime = this.#now()
    response.routes = this.#routes
    return response
  }

  #reserve({ data }: DataRequest, { memory }: Call): void {
    if (data === undefined || memory === undefined) return
    this.#memory ??= new AnswerMemory(memory)
    this.#memory.replace(data.length)
  }

  #parametersFor(stage: string): Uint8Array | undefined {
    const parameters = this.#parameters
    return this.#isSpecific && parameters !== undefined ? parametersFor(stage, parameters) : parameters
  }

  /** The route entry of a stage; in a stream a stage has one, however many documents go through it. */
  #routeOf(executor: string, { items }: Call): Route {
    const known = items === undefined ? undefined : this.#routes.find((route) => route.executor === executor)
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

/** Merges coverages. When several documents of a stream visited a stage, a coverage with failed shards is kept. */
function worse(known: Coverages | undefined, more: Coverages): Coverages {
  const missing = Object.entries(known ?? {}).filter(([, { failed }]) => failed > 0)
  return { ...known, ...more, ...Object.fromEntries(missing) }
}

/** Rethrows a failure after an earlier stage has already handled the request, so it may have run. */
function throwBegun(error: unknown): never {
  throw maybeRun(MillraceError.from(error))
}
