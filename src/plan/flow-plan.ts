import { MillraceError } from '../errors.js'
import { type FlowOptions, type FlowSettings, flowOptions } from './flow-settings.js'
import { resolveOptions, show } from './option.js'
import type { Autoscale } from './resilience.js'
import { type StageOptions, type StageSettings, stageOptions } from './stage-settings.js'
import { type ExecutorSource, resolveUses } from './uses.js'

/** One stage as it must run. */
export interface StagePlan extends Omit<StageSettings, 'name' | 'external' | 'replicas'> {
  readonly name: string
  /** That run, or are started. */
  readonly replicas: number
  readonly autoscale: Autoscale | null
  readonly source: ExecutorSource
  /** Servers of an external stage; empty for one that Millrace starts. */
  readonly external: readonly { readonly host: string; readonly port: number; readonly tls: boolean }[]
}

/** A Flow as it must run; stages in order. */
export interface FlowPlan {
  readonly settings: FlowSettings
  readonly stages: readonly StagePlan[]
}

/** Options of `add()` that DESIGN names and this version does not have; refused rather than ignored. */
const laterOptions = [
  'shards',
  'polling',
  'reduce',
  'when',
  'floating',
  'dynamicBatching',
  'volumes',
  'gpus',
  'resources',
]

export function createPlan(options: FlowOptions): FlowPlan {
  const settings = resolveOptions(flowOptions, options, 'Flow')
  if (settings.port.length !== settings.protocol.length) {
    throw new MillraceError(
      'INVALID_OPTION',
      `Flow: ${settings.protocol.length} protocols need as many ports, not ${settings.port.length}.`,
    )
  }
  return { settings, stages: [] }
}

/** The plan with one more stage. */
export function addStage(plan: FlowPlan, options: StageOptions): FlowPlan {
  const name = resolveName(options.name, plan)
  const resolved = resolveOptions(stageOptions, withoutLater(options, name), `stage '${name}'`)
  const { uses, needs, external } = resolved
  checkNeeds(needs, name, plan)
  if (external) refuseOwn(options, name)
  const { replicas } = resolved
  const autoscale = typeof replicas === 'number' ? null : replicas
  const stage: StagePlan = {
    ...resolved,
    name,
    replicas: typeof replicas === 'number' ? replicas : replicas.min,
    autoscale,
    source: resolveUses(uses, name, resolved),
    external: external ? resolveExternal(resolved, name) : refuseAddress(resolved, name),
  }
  if (stage.runtime === 'inline' && (stage.replicas > 1 || autoscale !== null)) {
    throw new MillraceError(
      'INVALID_OPTION',
      `stage '${name}': runtime 'inline' has one thread, so replicas must be 1, not ${show(replicas)}. Use 'thread' or 'process'.`,
    )
  }
  if (stage.runtime === 'inline' && stage.exitOnExceptions.length > 0) {
    throw new MillraceError(
      'INVALID_OPTION',
      `stage '${name}': exitOnExceptions ends a replica, and an inline one is the program itself. Use 'thread' or 'process'.`,
    )
  }
  return { ...plan, stages: [...plan.stages, stage] }
}

/** The plan with another number of replicas for one stage. */
export function setReplicas(plan: FlowPlan, name: string, replicas: number): FlowPlan {
  const stages = plan.stages.map((stage) => (stage.name === name ? { ...stage, replicas } : stage))
  return { ...plan, stages }
}

/**
 * The plan with other constructor options for one stage.
 *
 * @throws INVALID_OPTION when they are no plain data, UNSUPPORTED for a stage without an Executor of its own
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
  const name = given ?? `executor${plan.stages.length}`
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

function withoutLater(options: object, name: string): object {
  const given = Object.entries(options).filter(([key, value]) => {
    if (!laterOptions.some((later) => later === key)) return true
    if (value === undefined || (key === 'shards' && value === 1)) return false
    throw new MillraceError(
      'UNSUPPORTED',
      `stage '${name}': ${key} is not part of this version. Leave it out.`,
    )
  })
  return Object.fromEntries(given)
}

function checkNeeds(needs: readonly string[] | null, name: string, plan: FlowPlan): void {
  if (needs === null || needs.length === 0) return
  const before = plan.stages.at(-1)?.name ?? 'gateway'
  const unknown = needs.find(
    (need) => need !== 'gateway' && !plan.stages.some((stage) => stage.name === need),
  )
  if (unknown !== undefined) {
    throw new MillraceError(
      'INVALID_OPTION',
      `stage '${name}': needs names '${unknown}', which no stage before it is called.`,
    )
  }
  if (needs.length === 1 && needs[0] === before) return
  throw new MillraceError(
    'UNSUPPORTED',
    `stage '${name}': stages run in a line in this version, so needs can only be '${before}', not ${JSON.stringify(needs)}.`,
  )
}

function resolveExternal(settings: StageSettings, name: string): StagePlan['external'] {
  const hosts = settings.host ?? []
  const ports = settings.port ?? []
  if (hosts.length === 0 || ports.length === 0) {
    throw new MillraceError('INVALID_OPTION', `stage '${name}': an external stage needs host and port.`)
  }
  const count = Math.max(hosts.length, ports.length)
  if ((hosts.length !== count && hosts.length !== 1) || (ports.length !== count && ports.length !== 1)) {
    throw new MillraceError(
      'INVALID_OPTION',
      `stage '${name}': host and port must be lists of the same length, or one of them a single value; they have ${hosts.length} and ${ports.length}.`,
    )
  }
  return Array.from({ length: count }, (_, index) => ({
    host: hosts[hosts.length === 1 ? 0 : index]!,
    port: ports[ports.length === 1 ? 0 : index]!,
    tls: settings.tls,
  }))
}

/** An external stage has what its servers have. */
function refuseOwn(options: StageOptions, name: string): void {
  const given = (['uses', 'replicas'] as const).find((key) => options[key] !== undefined)
  if (given === undefined) return
  throw new MillraceError(
    'INVALID_OPTION',
    `stage '${name}': ${given} is not for an external stage, which runs elsewhere already. Leave out ${given}, or external.`,
  )
}

function refuseAddress(settings: StageSettings, name: string): readonly [] {
  const given = [settings.host, settings.port].some((list) => list !== null && list.length > 0)
  if (!given) return []
  throw new MillraceError(
    'INVALID_OPTION',
    `stage '${name}': host and port are for external stages. Say external: true to use a server that runs already.`,
  )
}
