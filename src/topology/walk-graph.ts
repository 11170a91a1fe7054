import type { Handler } from '../call/call.js'
import { writeFailure } from '../call/outcome.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import type { Background } from './background.js'
import { isChain } from './graph.js'
import { type GraphStage, type Layout, layoutOf } from './layout.js'
import { Passage } from './passage.js'
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
 * holds for graphs too, but for streams, which only go through chains.
 */
export function walkGraph(options: GraphWalkOptions): Handler {
  const { stages, targets } = options
  if (isChain(stages) && stages.every(({ when }) => when === undefined)) return walk(options)
  const layout = layoutOf(stages)
  const names = new Set(stages.filter(({ passThrough }) => !passThrough).map(({ name }) => name))
  const tools = { ...options, layout, names }
  return async (request, call) => {
    if (call.items !== undefined) throw noStreams(layout)
    const { endpoint, targetExecutor } = request
    const chosen = targetExecutor === '' ? undefined : targets.match(targetExecutor)
    try {
      return await new Passage(tools, { request, call, chosen }).run()
    } catch (error) {
      const isWrite = hopsOf(stages, endpoint, chosen).some((stage) => stage.isWrite(endpoint))
      throw isWrite ? writeFailure(MillraceError.from(error)) : error
    }
  }
}

/** A stream has an answer for each document, in no fixed number, so a join would not know which belong together. */
function noStreams(layout: Layout): MillraceError {
  return new MillraceError(
    'UNSUPPORTED',
    `Streams (streamDoc) go through Flows whose stages form a line; in this Flow ${whyNoChain(layout)}. Use post(), or send the stream to a Flow of its own.`,
    { notRun: true },
  )
}

function whyNoChain({ vertices }: Layout): string {
  const join = vertices.find(({ needs }) => needs.length > 1)
  if (join !== undefined) {
    return `'${join.stage.name}' joins ${join.stage.needs.map((name) => `'${name}'`).join(' and ')}`
  }
  const aside = vertices.find(({ isAwaited }) => !isAwaited)
  if (aside !== undefined) return `no answer waits for '${aside.stage.name}'`
  const conditional = vertices.find(({ stage }) => stage.when !== undefined)
  return `'${conditional?.stage.name}' has a condition (when)`
}
