import { Branch } from '../call/branch.js'
import type { Call } from '../call/call.js'
import type { ItemSink } from '../call/items.js'
import { MillraceError } from '../errors.js'
import type { DataRequest } from '../wire/data-request.js'
import type { Stage } from './stage.js'
import type { Trip } from './trip.js'

/** A step of a stream, for each document that reaches it. */
export interface Step {
  /** What becomes of a document before `stage`. Resolves with undefined when a stage answered with an error. */
  readonly prepare?:
    | ((item: DataRequest, call: Call) => Promise<readonly DataRequest[] | undefined>)
    | undefined
  /** Undefined when no stage is visited. */
  readonly stage?: Stage | undefined
}

/**
 * Sends a streaming call through stages: each document of a stage goes through the later steps, and each document of the last
 * one goes to the call's sink. A stage continues when its previous document has passed the later stages.
 *
 * Resolves with false when a stage answered with an error, which becomes the answer of the trip; earlier stages are cancelled.
 */
export async function streamThrough(
  trip: Trip,
  steps: readonly Step[],
  request: DataRequest,
  call: Call,
): Promise<boolean> {
  const [step, ...later] = steps
  if (step === undefined) {
    await call.items?.push(request.answer())
    return true
  }
  const { prepare, stage } = step
  const prepared = prepare === undefined ? [request] : await prepare(request, call)
  if (prepared === undefined) return false
  for (const item of prepared) {
    const isThrough =
      stage === undefined
        ? await streamThrough(trip, later, item, call)
        : await visit(trip, { stage, later }, item, call)
    if (!isThrough) return false
  }
  return true
}

async function visit(
  trip: Trip,
  { stage, later }: { readonly stage: Stage; readonly later: readonly Step[] },
  request: DataRequest,
  call: Call,
): Promise<boolean> {
  if (later.length === 0) return isOk(await trip.hop(stage, request, call))
  const next = new NextSteps(trip, later, call)
  try {
    return isOk(await trip.hop(stage, request, next.branch)) && next.mayGoOn()
  } catch (error) {
    if (next.mayGoOn()) throw error
    return false
  } finally {
    next.branch.unlink()
  }
}

function isOk({ status }: DataRequest): boolean {
  return status?.code !== 'ERROR'
}

/** Sends each document of a stage through the later steps. */
class NextSteps implements ItemSink {
  /** The call of the stage. */
  readonly branch: Branch
  readonly #trip: Trip
  readonly #steps: readonly Step[]
  readonly #call: Call
  #count = 0
  #failure: { readonly error: unknown } | undefined
  #isRefused = false

  constructor(trip: Trip, steps: readonly Step[], call: Call) {
    this.#trip = trip
    this.#steps = steps
    this.#call = call
    this.branch = new Branch(call, { items: this })
  }

  get count(): number {
    return this.#count
  }

  async push(item: DataRequest): Promise<void> {
    if (this.branch.aborted !== undefined) return
    this.#count++
    try {
      if (await streamThrough(this.#trip, this.#steps, item, this.#call)) return
      this.#isRefused = true
    } catch (error) {
      this.#failure ??= { error }
    }
    this.branch.abort(new MillraceError('CANCELLED', 'A later stage failed.'))
  }

  /** False when a later stage answered with an error. Throws when a hop to one failed. */
  mayGoOn(): boolean {
    if (this.#failure !== undefined) throw this.#failure.error
    return !this.#isRefused
  }
}
