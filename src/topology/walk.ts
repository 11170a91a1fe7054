import type { Call, Handler } from '../call/call.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { type Coverages, coverageIn, withCoverage } from '../wire/coverage.js'
import type { DataRequest, Route } from '../wire/data-request.js'
import { resultsIn, withResults } from '../wire/results.js'
import { areSpecific, parametersFor } from './parameters.js'
import { type Stage, visits } from './stage.js'
import type { Targets } from './targets.js'

export interface WalkOptions {
  /** Along their edges, as `inChain` gives them. */
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
 * 6. No request or answer that came in is changed: each hop, and the response, is a copy that shares what it leaves as it
 *    is. Parameters stay bytes.
 */
export function walk({ stages, targets, clock }: WalkOptions): Handler {
  const names = new Set(stages.filter(({ passThrough }) => !passThrough).map(({ name }) => name))
  return async (request, call) => {
    const { endpoint, targetExecutor } = request
    const chosen = targetExecutor === '' ? undefined : targets.match(targetExecutor)
    const trip = new Trip(request, names, clock)
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
  readonly #clock: Clock
  readonly #parameters: Uint8Array | undefined
  /** Whether stages get parameters of their own. */
  readonly #isSpecific: boolean
  readonly #routes: Route[]
  readonly #results: Uint8Array[] = []
  #hops = 0
  #coverages: Coverages | undefined
  #current: DataRequest

  constructor(request: DataRequest, stages: ReadonlySet<string>, clock: Clock) {
    const { parameterBytes } = request
    this.#clock = clock
    this.#current = request
    this.#parameters = parameterBytes
    this.#isSpecific = parameterBytes !== undefined && areSpecific(parameterBytes, stages)
    this.#routes = [{ executor: gateway, startTime: this.#now() }]
  }

  /** A stage without an Executor. */
  pass(executor: string): void {
    const now = this.#now()
    this.#routes.push({ executor, startTime: now, endTime: now })
  }

  /** False when the stage answered with an error. */
  async visit({ name, handle }: Stage, call: Call): Promise<boolean> {
    const request = this.#current.copy()
    request.targetExecutor = ''
    request.parameterBytes = this.#parametersFor(name)
    const startTime = this.#now()
    const answered = handle(request, call)
    const answer = await (this.#hops++ === 0 ? answered : answered.catch(throwBegun))
    const route: Route = { executor: name, startTime, endTime: this.#now() }
    this.#current = answer
    this.#collect(answer)
    const { status } = answer
    if (status?.code === 'ERROR') route.status = status
    this.#routes.push(route)
    return route.status === undefined
  }

  response(): DataRequest {
    const response = this.#current.answer()
    const parameters =
      this.#results.length === 0 ? this.#parameters : withResults(this.#parameters, this.#results)
    response.targetExecutor = ''
    response.parameterBytes =
      this.#coverages === undefined ? parameters : withCoverage(parameters, this.#coverages)
    this.#routes[0]!.endTime = this.#now()
    response.routes = this.#routes
    return response
  }

  #parametersFor(stage: string): Uint8Array | undefined {
    const parameters = this.#parameters
    return this.#isSpecific && parameters !== undefined ? parametersFor(stage, parameters) : parameters
  }

  #collect({ parameterBytes }: DataRequest): void {
    if (parameterBytes === undefined) return
    const results = resultsIn(parameterBytes)
    if (results !== undefined) this.#results.push(results)
    const coverages = coverageIn(parameterBytes)
    if (coverages !== undefined) this.#coverages = { ...this.#coverages, ...coverages }
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
