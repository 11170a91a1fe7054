import type { Handler } from '../call/call.js'
import { writeFailure } from '../call/outcome.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import type { Background } from './background.js'
import { isChain } from './graph.js'
import { type GraphStage, layoutOf } from './layout.js'
import { Passage } from './passage.js'
import { streamGraph } from './stream-graph.js'
import type { Targets } from './targets.js'
import type { Unserved } from './unserved.js'
import { hopsOf, walk } from './walk.js'

export interface GraphWalkOptions {
  /** In the order of their edges, as returned by `inOrder`. */
  readonly stages: readonly GraphStage[]
  readonly targets: Targets
  readonly clock: Clock
  readonly unserved: Unserved
  readonly background: Background
}

/**
 * Sends a request through a graph of stages: `walk` for a chain, else a `Passage` for each request. What is said of `walk`
 * holds for graphs too; streams go through them as `streamGraph` says.
 */
export function walkGraph(options: GraphWalkOptions): Handler {
  const { stages, targets } = options
  if (isChain(stages) && stages.every(({ when }) => when === undefined)) return walk(options)
  const layout = layoutOf(stages)
  const names = new Set(stages.filter(({ passThrough }) => !passThrough).map(({ name }) => name))
  const tools = { ...options, layout, names }
  const stream = streamGraph(stages, tools)
  return async (request, call) => {
    const { endpoint, targetExecutor } = request
    const chosen = targetExecutor === '' ? undefined : targets.match(targetExecutor)
    try {
      if (call.items !== undefined) return await stream({ request, call, chosen })
      return await new Passage(tools, { request, call, chosen }).run()
    } catch (error) {
      const isWrite = hopsOf(stages, endpoint, chosen).some((stage) => stage.isWrite(endpoint))
      throw isWrite ? writeFailure(MillraceError.from(error)) : error
    }
  }
}
