import { Branch } from '../call/branch.js'
import type { Call } from '../call/call.js'
import type { ItemSink } from '../call/items.js'
import { MillraceError } from '../errors.js'
import type { DataRequest } from '../wire/data-request.js'
import type { Stage } from './stage.js'
import type { Trip } from './trip.js'

/**
 * Sends a streaming call through stages: each document of a stage goes through the later stages, and each document of the last
 * stage goes to the call's sink. A stage continues when its previous document has passed the later stages.
 *
 * Resolves with false when a stage answered with an error, which becomes the answer of the trip; earlier stages are cancelled.
 */
export async function streamThrough(
  trip: Trip,
  stages: readonly Stage[],
  request: DataRequest,
  call: Call,
): Promise<boolean> {
  const [stage, ...later] = stages
  if (stage === undefined) {
    await call.items?.push(request.answer())
    return true
  }
  if (later.length === 0) return isOk(await trip.hop(stage, request, call))
  const next = new NextStages(trip, later, call)
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

/** Sends each document of a stage through the later stages. */
class NextStages implements ItemSink {
  /** The call of the stage. */
  readonly branch: Branch
  readonly #trip: Trip
  readonly #stages: readonly Stage[]
  readonly #call: Call
  #count = 0
  #failure: { readonly error: unknown } | undefined
  #isRefused = false

  constructor(trip: Trip, stages: readonly Stage[], call: Call) {
    this.#trip = trip
    this.#stages = stages
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
      if (await streamThrough(this.#trip, this.#stages, item, this.#call)) return
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
