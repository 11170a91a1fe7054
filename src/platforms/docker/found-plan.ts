import { loadFlow } from '../../config/load-flow.js'
import type { FlowPlan, StagePlan } from '../../plan/flow-plan.js'
import { runningStage } from '../running-stage.js'
import type { Replica } from './replica.js'

/** The plan of a Flow that runs, by what its gateway reads and by the containers that there are. @throws BAD_YAML */
export async function foundPlan(
  config: string,
  flow: string,
  replicas: readonly Replica[],
): Promise<FlowPlan> {
  const { parse } = await import('yaml')
  // JSON is YAML; modules of a reduce are in the gateway's image, not here
  const text = JSON.stringify(parse(config), (key, value: unknown) =>
    key === 'reduce' && typeof value === 'string' ? undefined : value,
  )
  const { settings, stages } = await loadFlow(text, { onWarning: () => {} })
  return { settings: { ...settings, name: flow }, stages: stages.map((stage) => asRunning(stage, replicas)) }
}

/** What is external for its gateway is the Flow's own when there are containers of it. */
function asRunning(stage: StagePlan, replicas: readonly Replica[]): StagePlan {
  const own = replicas.filter((replica) => replica.stage === stage.name)
  const [first] = own
  if (first === undefined) return stage
  const ofShard = own.filter(({ shard }) => shard === first.shard)
  return runningStage(stage, { image: first.facts.image, replicas: ofShard.length })
}
