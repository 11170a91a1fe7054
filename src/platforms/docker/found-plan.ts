import { loadFlow } from '../../config/load-flow.js'
import type { FlowPlan, StagePlan } from '../../plan/flow-plan.js'
import { isReduceModule } from '../../plan/sharding.js'
import { withoutFiles } from '../found-options.js'
import { runningStage } from '../running-stage.js'
import type { Replica } from './replica.js'

/** Reconstructs the plan of a running Flow from its gateway's configuration and its containers. @throws BAD_YAML */
export async function foundPlan(
  config: string,
  flow: string,
  replicas: readonly Replica[],
): Promise<FlowPlan> {
  const { parse } = await import('yaml')
  // JSON is YAML; a `reduce` module is in the gateway's image, not on this machine
  const { written, tls } = withoutFiles(parse(config))
  const text = JSON.stringify(written, (key, value: unknown) =>
    key === 'reduce' && isReduceModule(value) ? undefined : value,
  )
  const { settings, stages } = await loadFlow(text, { onWarning: () => {} })
  return {
    settings: { ...settings, tls, name: flow },
    stages: stages.map((stage) => asRunning(stage, replicas)),
  }
}

/** An external stage is the Flow's own when it has containers. */
function asRunning(stage: StagePlan, replicas: readonly Replica[]): StagePlan {
  const own = replicas.filter((replica) => replica.stage === stage.name)
  const [first] = own
  if (first === undefined) return stage
  const ofShard = own.filter(({ shard }) => shard === first.shard)
  return runningStage(stage, { image: first.facts.image, replicas: ofShard.length })
}
