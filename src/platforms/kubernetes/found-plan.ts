import { loadFlow } from '../../config/load-flow.js'
import { MillraceError } from '../../errors.js'
import type { FlowPlan, StagePlan } from '../../plan/flow-plan.js'
import { isReduceModule } from '../../plan/sharding.js'
import { withoutFiles } from '../found-options.js'
import { runningStage } from '../running-stage.js'
import type { Controller } from './api/live.js'
import { shardOfWorkload } from './view.js'

/**
 * Reconstructs the plan of a running Flow from its gateway's configuration and the cluster: names, shards, polling, replicas,
 * images.
 *
 * @throws BAD_YAML
 */
export async function foundPlan(
  text: string,
  { flow, controllers }: { readonly flow: string; readonly controllers: readonly Controller[] },
): Promise<FlowPlan> {
  const { parse } = await import('yaml')
  const { written, tls } = withoutFiles(withoutModules(parse(text)))
  // JSON is YAML
  const plan = await loadFlow(JSON.stringify(written), { onWarning: () => {} })
  const name = plan.settings.name === 'flow' ? flow : plan.settings.name
  const stages = plan.stages.map((stage) => asRunning(stage, controllers))
  return { settings: { ...plan.settings, tls, name }, stages }
}

/** Drops `reduce` modules, which are in the gateway's image and not on this machine. */
function withoutModules(written: unknown): unknown {
  const flow = written as { readonly executors?: readonly Record<string, unknown>[] } | null
  if (!Array.isArray(flow?.executors))
    throw new MillraceError('BAD_YAML', "The gateway's flow.yml names no executors.")
  const executors = flow.executors.map(({ reduce, ...stage }) => ({
    ...stage,
    ...(reduce !== undefined && !isReduceModule(reduce) && { reduce }),
  }))
  return { ...flow, executors }
}

/** An external stage is the Flow's own when the cluster has a workload for it. */
function asRunning(stage: StagePlan, controllers: readonly Controller[]): StagePlan {
  const [first] = controllers.filter((controller) => shardOfWorkload(controller)?.stage === stage.name)
  if (first === undefined) return stage
  const image = first.spec.template.spec.containers[0]?.image ?? ''
  return runningStage(stage, { image, replicas: first.spec.replicas ?? 1 })
}
