import type { Call } from '../call/call.js'
import { inSlices } from '../lib/slices.js'
import type { DataRequest } from '../wire/data-request.js'
import { documentsIn } from '../wire/lists/list.js'
import { type GraphStage, layoutOf } from './layout.js'
import { Passage, type PassageTools } from './passage.js'
import { noStreams, type Segment, segmentsOf } from './segments.js'
import { visits } from './stage.js'
import { type Step, streamThrough } from './stream.js'
import { Trip } from './trip.js'
import { hopsOf } from './walk.js'

/** A streaming call, and the stages that its `target_executor` matches; undefined when it has none. */
export interface StreamPassenger {
  readonly request: DataRequest
  readonly call: Call
  readonly chosen: ReadonlySet<string> | undefined
}

/**
 * Sends streaming calls through a graph.
 *
 * 1. The stages that every way to the last one goes through are visited as in a chain: each of their documents goes on alone.
 * 2. Between two of them a document is a request of its own (a `Passage`): branches run at once, and answer with all that
 *    they make of it; a join has as many documents as its merge. Each of them goes on alone, but those of a join that keeps its
 *    branches apart go on together.
 * 3. A document that a condition leaves out ends there.
 * 4. A stage that no answer waits for gets each document in a request of its own.
 *
 * The handler rejects with UNSUPPORTED when a graph has no segments (`segmentsOf`).
 */
export function streamGraph(
  stages: readonly GraphStage[],
  tools: PassageTools,
): (passenger: StreamPassenger) => Promise<DataRequest> {
  const divided = segmentsOf(stages)
  if (divided.kind === 'crossing') return () => Promise.reject(noStreams(divided.stage))
  const segments = divided.segments
    .filter(({ branches, stage }) => branches.length > 0 || stage !== undefined)
    .map((segment) => ({ ...segment, layout: layoutOf(stagesOf(segment)) }))
  return async ({ request, call, chosen }) => {
    const { endpoint } = request
    if (hopsOf(stages, endpoint, chosen).length === 0) tools.unserved.check(endpoint)
    const trip = new Trip(request, tools.names, { clock: tools.clock, isStream: true })
    const steps = segments.map(({ branches, stage, layout }): Step => {
      const isVisited = stage !== undefined && !stage.passThrough && visits(stage, endpoint, chosen)
      const next = isVisited ? stage : undefined
      if (branches.length === 0 && isPlain(stage)) return { stage: next }
      const prepare = async (
        item: DataRequest,
        itemCall: Call,
      ): Promise<readonly DataRequest[] | undefined> => {
        const given = item.copy()
        given.parameterBytes = request.parameterBytes
        const part = { ...tools, layout, endsBefore: true }
        const output = await new Passage(part, { request: given, call: itemCall, chosen, trip }).run()
        return trip.isFailed ? undefined : await alone(output, itemCall)
      }
      return { prepare, stage: next }
    })
    if (await streamThrough(trip, steps, request, call)) trip.conclude(request.withList([]))
    return trip.response(tools.layout.ranks)
  }
}

/** The branches of a segment, with the stage at its end. */
function stagesOf({ branches, stage }: Segment<GraphStage>): readonly GraphStage[] {
  return stage === undefined ? branches : [...branches, stage]
}

/** Whether a document reaches a stage as it is. */
function isPlain(stage: GraphStage | undefined): boolean {
  return stage === undefined || (stage.needs.length === 1 && stage.when === undefined)
}

/** The documents of a request, each in a request of its own; the parts of a join stay together. */
async function alone(request: DataRequest, call: Call): Promise<readonly DataRequest[]> {
  const { list, parts } = request
  const documents = list === undefined ? [] : await inSlices(documentsIn(list), call)
  if (documents.length === 1 || (documents.length > 0 && parts !== undefined)) return [request]
  return documents.map(({ bytes, from, end }) => request.withList([bytes.subarray(from, end)]))
}
