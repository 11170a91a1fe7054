import type { Handler } from '../call/call.js'
import { requestLimits } from '../call/layers/request-limits.js'
import type { Observer } from '../call/observation.js'
import { stack } from '../call/stack.js'
import type { Clock } from '../lib/clock.js'
import type { Background } from '../topology/background.js'
import { Targets } from '../topology/targets.js'
import { Unserved } from '../topology/unserved.js'
import { walkGraph } from '../topology/walk-graph.js'
import type { Gate } from './gate.js'
import type { LiveStage } from './stage.js'
import type { GatewayMetrics } from './metrics/gateway-metrics.js'
import { observed } from './observed.js'
import type { GatewaySpec } from './spec.js'

export interface RequestStackOptions {
  /** In the order in which requests visit them. */
  readonly stages: readonly LiveStage[]
  readonly gate: Gate
  readonly background: Background
  /** Null: nothing is measured. */
  readonly metrics: GatewayMetrics | null
  /** Undefined: nothing is observed. */
  readonly observer: Observer | undefined
  readonly clock: Clock
  /** Logs a warning. */
  readonly say: (sentence: string) => void
}

/** The layers of a whole request: it is measured, observed, checked and admitted, and then visits the stages. */
export function requestStack(spec: GatewaySpec, options: RequestStackOptions): Handler {
  const { stages, gate, background, metrics, observer, clock, say } = options
  const targets = new Targets(stages.map(({ name }) => name))
  const unserved = new Unserved(stages, { rule: spec.unknownEndpoint ?? 'pass', say })
  return stack(
    [
      (next) => metrics?.measure(next, gate) ?? next,
      (next) => observed(observer, next),
      requestLimits(spec.requestLimits),
      (next) => gate.guard(next),
    ],
    walkGraph({ stages, targets, clock, unserved, background }),
  )
}
