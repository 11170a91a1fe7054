import { MillraceError } from '../errors.js'
import { parseDynamicBatching } from '../executor/batching.js'
import { type FlowOptions, type FlowSettings, flowOptions } from './flow-settings.js'
import { checkRoutes } from './http-settings.js'
import { listenersOf } from './listeners.js'
import { resolveWhen } from './condition.js'
import { conditionFields } from './condition-fields.js'
import { show } from '../lib/show.js'
import { resolveOptions } from './option.js'
import { checkMetrics } from './metrics.js'
import { checkTracing } from './tracing.js'
import { checkRateLimit } from './rate-limit.js'
import type { Autoscale } from './resilience.js'
import type { ConditionSpec } from '../topology/condition.js'
import {
  type ExternalAddress,
  refuseAddress,
  refuseDocarray,
  refuseGatheredBy,
  refuseOwn,
  resolveExternal,
} from './external-stage.js'
import { afterOf, awaiting, checkJoin, resolveNeeds } from './needs.js'
import { checkPythonStage } from './python.js'
import { checkTypes } from './type-checks.js'
import { checkSharding, type ReducePlan, resolveReduce } from './sharding.js'
import type { Uses } from './executor-settings.js'
import { type StageOptions, type StageSettings, stageOptions } from './stage-settings.js'
import { type ExecutorSource, type ResolvedUses, resolveUses } from './uses.js'

/** A resolved stage. */
export interface StagePlan
  extends Omit<StageSettings, 'name' | 'needs' | 'external' | 'replicas' | 'reduce' | 'shardId' | 'when'> {
  readonly name: string
  /** Names of the stages whose answers it gets, or `gateway`; includes stages made from `usesBefore` and `usesAfter`. */
  readonly needs: readonly string[]
  /** Which of how many shards this stage is when the other shards run elsewhere (`shards` is 1 then). Null when all run here. */
  readonly part: { readonly shardId: number; readonly shards: number } | null
  /** Name of the stage whose `usesBefore` or `usesAfter` this is; null for a stage added by `add()`. */
  readonly partOf: string | null
  /** Whether it inspects another stage (Jina's `inspect`), or joins those that do; null for an ordinary stage. */
  readonly inspection: Inspection | null
  /** Replicas per shard. */
  readonly replicas: number
  readonly autoscale: Autoscale | null
  readonly source: ExecutorSource
  readonly reduce: ReducePlan
  readonly when: ConditionSpec | null
  /** Servers of an external stage; empty for a stage that Millrace starts. */
  readonly external: readonly ExternalAddress[]
}

/** What a stage that was not added by `add()` is for; see inspection.ts. */
export type Inspection = 'inspect' | 'gather'

/** A resolved Flow. Its stages are in the order in which they were added, each after those that it needs. */
export interface FlowPlan {
  readonly settings: FlowSettings
  readonly stages: readonly StagePlan[]
}

/** A plan without stages. @throws UNKNOWN_OPTION, INVALID_OPTION */
export function createPlan(options: FlowOptions): FlowPlan {
  const settings = resolveOptions(flowOptions, options, 'Flow')
  listenersOf(settings)
  checkLimits(settings)
  checkRateLimit(settings)
  checkRoutes(settings)
  checkMetrics(settings)
  checkTracing(settings)
  return { settings, stages: [] }
}

/** One client can hold at most three eighths of `maxBytes`, and its largest message must fit into that. */
function checkLimits({ limits: { maxBytes }, maxMessageBytes }: FlowSettings): void {
  if (maxBytes === null || maxBytes >= 3 * maxMessageBytes) return
  throw new MillraceError(
    'INVALID_OPTION',
    `Flow: limits.maxBytes is ${maxBytes}, less than three times maxMessageBytes (${maxMessageBytes}): one message would not fit. Raise it, or lower maxMessageBytes.`,
  )
}

/** The plan with one more stage. `usesBefore` and `usesAfter` of a sharded stage, and of a join, become stages of their own. */
export function addStage(plan: FlowPlan, options: StageOptions): FlowPlan {
  return addStageFor(plan, options, null)
}

/** As `addStage`, for a stage that inspects or joins inspections. */
export function addStageFor(plan: FlowPlan, options: StageOptions, inspection: Inspection | null): FlowPlan {
  const name = resolveName(options.name, plan)
  const stage = resolveStage(plan, options, name)
  const isAround = stage.shards > 1 || stage.needs.length > 1
  const around = ({ uses, suffix }: { uses: Uses | null; suffix: string }): readonly StagePlan[] =>
    uses === null || !isAround ? [] : [companion(plan, stage, { uses, suffix })]
  const before = around({ uses: stage.usesBefore, suffix: 'before' })
  const after = around({ uses: stage.usesAfter, suffix: 'after' })
  const added = [...before, stage, ...after].map((one, index, all) => ({
    ...one,
    needs: index === 0 ? stage.needs : [all[index - 1]!.name],
    when: index === 0 ? stage.when : null,
    floating: stage.floating,
    inspection,
  }))
  const stages = awaiting([...plan.stages, ...added])
  checkTypes(stages)
  return { ...plan, stages }
}

function resolveStage(plan: FlowPlan, options: StageOptions, name: string): StagePlan {
  const resolved = resolveOptions(stageOptions, options, `stage '${name}'`)
  const { external } = resolved
  const needs = resolveNeeds(resolved.needs ?? [], name, plan.stages)
  checkSharding(resolved, options, name)
  if (external) refuseOwn(options, name)
  else refuseGatheredBy(resolved, name)
  const { replicas, shardId, needs: _, ...rest } = resolved
  const part = shardId === null ? null : { shardId, shards: rest.shards }
  const autoscale = typeof replicas === 'number' ? null : replicas
  const stage: StagePlan = {
    ...rest,
    shards: part === null ? rest.shards : 1,
    part,
    name,
    needs,
    partOf: null,
    inspection: null,
    replicas: typeof replicas === 'number' ? replicas : replicas.min,
    autoscale,
    ...resolveSource(resolved, name),
    reduce: resolveReduce(resolved.reduce, name),
    when: resolveWhen(resolved.when, name, conditionFields(resolved)),
    external: external ? resolveExternal(resolved, name) : refuseAddress(resolved, name),
  }
  refuseDocarray({ ...stage, external }, name)
  checkInline(stage, replicas)
  checkImage(stage)
  checkPythonStage(stage)
  checkJoin(stage)
  return stage
}

/** An image without `uses` contains its own Executor; with `uses` it contains the named module. */
function resolveSource(settings: StageSettings, name: string): ResolvedUses {
  const { uses, image, usesWith, usesMetas, usesRequests } = settings
  const dynamicBatching = parseDynamicBatching(settings.dynamicBatching, `stage '${name}': dynamicBatching`)
  if (uses === null && image !== null) {
    return { source: { kind: 'image', image }, usesWith, usesMetas, usesRequests, dynamicBatching }
  }
  const resolved = resolveUses(uses, name, { ...settings, dynamicBatching })
  const { source } = resolved
  if (source.kind !== 'image' || image === null) return resolved
  throw new MillraceError(
    'INVALID_OPTION',
    `stage '${name}': uses names the image ${source.image} and image names ${image}. Leave one of them out.`,
  )
}

/** `indexer_before`, `indexer_after`: stages with an Executor of their own that inherit the stage's runtime settings. */
function companion(
  plan: FlowPlan,
  stage: StagePlan,
  { uses, suffix }: { readonly uses: Uses; readonly suffix: string },
): StagePlan {
  const { runtime, workspace, env, timeoutSendMs, timeoutReadyMs, queue, liveness, restarts } = stage
  const { envFromSecret, imagePullSecrets } = stage
  const name = resolveName(suffix === 'after' ? afterOf(stage.name) : `${stage.name}_${suffix}`, plan)
  const isImage = typeof uses === 'string' && uses.startsWith('docker://')
  const image = isImage || stage.uses === null ? null : stage.image
  const options = {
    ...{ uses, runtime, workspace, env, timeoutSendMs, timeoutReadyMs, queue, liveness, restarts },
    ...{ image, envFromSecret, imagePullSecrets: imagePullSecrets.length === 0 ? null : imagePullSecrets },
  }
  const given = Object.entries(options).filter(([, value]) => value !== null || value === liveness)
  const resolved = resolveStage(plan, Object.fromEntries(given), name)
  // the stage in front joins; the reduce of shards stays with them, unless it is for both
  const isFirst = suffix === 'before' && (stage.shards === 1 || stage.reduce.kind === 'concatenate')
  const { python } = stage
  return { ...resolved, python, ...(isFirst && { reduce: stage.reduce }), partOf: stage.name }
}

function checkInline(stage: StagePlan, replicas: unknown): void {
  const { runtime, name } = stage
  if (runtime !== 'inline') return
  if (stage.replicas > 1 || stage.autoscale !== null) {
    throw new MillraceError(
      'INVALID_OPTION',
      `stage '${name}': runtime 'inline' has one thread, so replicas must be 1, not ${show(replicas)}. Use 'thread' or 'process'.`,
    )
  }
  if (stage.exitOnExceptions.length > 0) {
    throw new MillraceError(
      'INVALID_OPTION',
      `stage '${name}': exitOnExceptions ends a replica, and an inline one is the program itself. Use 'thread' or 'process'.`,
    )
  }
}

/** Containers are processes: an image allows no other runtime. */
function checkImage({ source, runtime, name }: StagePlan): void {
  if (source.kind !== 'image' || runtime === 'process') return
  throw new MillraceError(
    'INVALID_OPTION',
    `stage '${name}' is the image ${source.image}, which runs in containers, not with runtime ${show(runtime)}. Leave runtime out.`,
  )
}

/** The plan with another number of replicas for one stage. */
export function setReplicas(plan: FlowPlan, name: string, replicas: number): FlowPlan {
  const stages = plan.stages.map((stage) => (stage.name === name ? { ...stage, replicas } : stage))
  return { ...plan, stages }
}

/**
 * The plan with other constructor options for one stage.
 *
 * @throws INVALID_OPTION unless they are plain data, UNSUPPORTED for a stage without an Executor
 */
export function setUsesWith(plan: FlowPlan, name: string, usesWith: unknown): FlowPlan {
  const { usesWith: checked } = resolveOptions(
    { usesWith: stageOptions.usesWith },
    { usesWith },
    `stage '${name}'`,
  )
  const stages = plan.stages.map((stage) => {
    if (stage.name !== name) return stage
    if (stage.source.kind !== 'pass-through') return { ...stage, usesWith: checked }
    throw new MillraceError(
      'UNSUPPORTED',
      `stage '${name}' has no Executor of its own whose options could be changed.`,
    )
  })
  return { ...plan, stages }
}

function resolveName(given: unknown, plan: FlowPlan): string {
  const name = given ?? `executor${plan.stages.filter(({ partOf }) => partOf === null).length}`
  if (typeof name !== 'string' || !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)) {
    throw new MillraceError(
      'INVALID_NAME',
      `A stage's name must be an identifier (letters, digits and _, not starting with a digit), not ${JSON.stringify(name)}.`,
    )
  }
  if (name === 'gateway' || plan.stages.some((stage) => stage.name === name)) {
    throw new MillraceError('INVALID_NAME', `There is a stage '${name}' already. Give this one another name.`)
  }
  return name
}
