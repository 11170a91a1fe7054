import { lastOf, entry } from '../topology/graph.js'
import { addStageFor, type FlowPlan, type StagePlan } from './flow-plan.js'
import type { StageOptions } from './stage-settings.js'

/** Options of a stage that inspects: its place in the graph is fixed. */
export type InspectOptions = Omit<StageOptions, 'needs' | 'floating'>

/**
 * The plan with a stage that inspects the answers of the last one, whose followers do not get its answer (Jina's `inspect`).
 * Default name: `inspect`.
 */
export function addInspect(plan: FlowPlan, options: InspectOptions): FlowPlan {
  const given = { name: 'inspect', ...options, needs: lastIn(plan), floating: true }
  return addStageFor(plan, given, 'inspect')
}

/**
 * The plan with a stage that joins the last one and all that inspect and that no other stage needs (Jina's `gather_inspect`): of
 * the documents it has what the last one made of them, and what the others changed besides. Without any the plan is unchanged.
 * Default name: `gather_inspect`.
 */
export function addGather(plan: FlowPlan, options: InspectOptions): FlowPlan {
  const inspecting = openInspections(plan)
  if (inspecting.length === 0) return plan
  const needs = [lastIn(plan), ...inspecting]
  const given: StageOptions = { name: 'gather_inspect', reduce: 'changes', ...options, needs }
  return addStageFor(plan, given, 'gather')
}

/**
 * The plan that runs, in which stages that inspect are ordinary ones, as the Flow's option `inspect` says: gathered at the end,
 * in the background, or gone.
 */
export function builtPlan(plan: FlowPlan): FlowPlan {
  if (plan.stages.every(({ inspection }) => inspection === null)) return plan
  const { stages } = plan.settings.inspect === 'collect' ? addGather(plan, {}) : plan
  const kept = plan.settings.inspect === 'remove' ? withoutInspection(stages) : stages
  return { ...plan, stages: kept.map((stage) => ({ ...stage, inspection: null })) }
}

/** Stages that needed a removed one need what it inspected; one that needed a removed join of inspections, the last stage. */
function withoutInspection(stages: readonly StagePlan[]): readonly StagePlan[] {
  const removed = new Map(
    stages
      .filter(({ inspection }) => inspection !== null)
      .map(({ name, needs }) => [name, needs[0] ?? entry]),
  )
  const behind = (name: string): string => {
    const need = removed.get(name)
    return need === undefined ? name : behind(need)
  }
  return stages
    .filter(({ name }) => !removed.has(name))
    .map((stage) => ({ ...stage, needs: [...new Set(stage.needs.map(behind))] }))
}

function openInspections({ stages }: FlowPlan): readonly string[] {
  const needed = new Set(stages.flatMap(({ needs }) => needs))
  return stages
    .filter(({ inspection, name }) => inspection === 'inspect' && !needed.has(name))
    .map(({ name, partOf }) => partOf ?? name)
}

/** Name of the last added stage that is not floating, or the gateway. */
function lastIn({ stages }: FlowPlan): string {
  const last = lastOf(stages)
  return last?.partOf ?? last?.name ?? entry
}
