import { expect, it } from 'vitest'
import { Executor } from '../executor/executor.js'
import { addStage, createPlan } from '../plan/flow-plan.js'
import type { StageOptions } from '../plan/stage-settings.js'
import { flowchart } from './flowchart.js'

class Encoder extends Executor {
  static override module: string = import.meta.url
}

it('a flowchart has a box for each stage, in order', () => {
  const stages: readonly StageOptions[] = [
    { name: 'entry' },
    { name: 'end', uses: Encoder, shards: 2, replicas: { min: 1, max: 3 } },
    { name: 'other', external: true, host: 'a', port: 1 },
  ]
  expect(flowchart(stages.reduce(addStage, createPlan({ name: 'a "shop"' })))).toBe(`flowchart LR
  gateway(["a #quot;shop#quot;, grpc"])
  stage_entry["entry<br/>passes documents on"]
  stage_end["end<br/>shards: 2<br/>replicas: 1 to 3"]
  stage_other[["other<br/>a:1"]]
  gateway --> stage_entry --> stage_end --> stage_other --> gateway`)
})
