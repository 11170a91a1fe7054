import type { Call, Handler } from '../call/call.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { type Coverages, coverageKey, coverageOf } from '../wire/coverage.js'
import type { DataRequest, Route } from '../wire/data-request.js'
import { resultsOf, withResults } from '../wire/results.js'
import { areSpecific, type Parameters, parametersFor } from './parameters.js'
import { type Stage, visits } from './stage.js'
import type { Targets } from './targets.js'

export interface WalkOptions {
  /** In the order they are visited. */
  readonly stages: readonly Stage[]
  readonly targets: Targets
  readonly clock: Clock
}

/** Name of the gateway's own entry in `routes`. */
const gateway = 'gateway'

/**
 * One request through all stages, one after the other (jina.md 1.4, "Execution of one request").
 *
 * 1. Every stage starts from the parameters of the request, not from those of the answer before it.
 * 2. What stages return under `__results__` is collected and merged into the response, and so is `__coverage__`.
 * 3. An answer with status ERROR ends the walk: later stages are not visited and have no route.
 * 4. What fails behind a stage that has answered is no longer a request that nobody has seen (`notRun`).
 * 5. Routes of the response are `gateway` and the visited stages, whatever the pods wrote there.
 */
export function walk({ stages, targets, clock }: WalkOptions): Handler {
  const names = stages.filter(({ passThrough }) => !passThrough).map(({ name }) => name)
  return async (request, call) => {
    const trip = new Trip(request, clock)
    const { endpoint, targetExecutor } = request
    const chosen = targetExecutor === '' ? undefined : targets.match(targetExecutor)
    if (targetExecutor !== '') request.targetExecutor = ''
    trip.specific = areSpecific(trip.parameters, names)
    for (const stage of stages) {
      if (!visits(stage, endpoint, chosen)) continue
      if (stage.passThrough) trip.pass(stage.name)
      else if (!(await trip.visit(stage, call))) break
    }
    return trip.response()
  }
}

/** Where one request is. */
class Trip {
  readonly parameters: Parameters
  specific = false
  readonly #clock: Clock
  readonly #routes: Route[]
  readonly #results: Parameters[] = []
  #hops = 0
  #coverages: Coverages | undefined
  readonly #request: DataRequest
  #current: DataRequest

  constructor(request: DataRequest, clock: Clock) {
    this.#clock = clock
    this.#request = request
    this.#current = request
    this.parameters = request.parameters
    this.#routes = [{ executor: gateway, startTime: this.#now() }]
  }

  /** A stage without an Executor. */
  pass(executor: string): void {
    const now = this.#now()
    this.#routes.push({ executor, startTime: now, endTime: now })
  }

  /** False when the stage answered with an error. */
  async visit({ name, handle }: Stage, call: Call): Promise<boolean> {
    const request = this.#current
    if (this.specific) request.parameters = parametersFor(name, this.parameters)
    else if (request !== this.#request) request.parameters = this.parameters
    const startTime = this.#now()
    const answered = handle(request, call)
    const answer = await (this.#hops++ === 0 ? answered : answered.catch(throwBegun))
    const route: Route = { executor: name, startTime, endTime: this.#now() }
    this.#current = answer
    const { parameters } = answer
    const results = resultsOf(parameters)
    if (results !== undefined) this.#results.push(results)
    const coverages = coverageOf(parameters)
    if (coverages !== undefined) this.#coverages = { ...this.#coverages, ...coverages }
    const { status } = answer
    if (status?.code === 'ERROR') route.status = status
    this.#routes.push(route)
    return route.status === undefined
  }

  response(): DataRequest {
    const response = this.#current === this.#request ? this.#request.answer() : this.#current
    const parameters =
      this.#results.length === 0 ? this.parameters : withResults(this.parameters, this.#results)
    response.parameters =
      this.#coverages === undefined ? parameters : { ...parameters, [coverageKey]: this.#coverages }
    response.parts = undefined
    this.#routes[0]!.endTime = this.#now()
    response.routes = this.#routes
    return response
  }

  #now(): Date {
    return new Date(this.#clock.now())
  }
}

/** A stage before this one has seen the request. */
function throwBegun(error: unknown): never {
  const known = MillraceError.from(error)
  if (!known.notRun) throw known
  const { code, message, ...facts } = known.facts
  throw new MillraceError(code, message, { ...facts, notRun: false, cause: known })
}
