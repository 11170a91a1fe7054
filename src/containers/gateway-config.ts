import { MillraceError } from '../errors.js'
import type { FlowPlan, StagePlan } from '../plan/flow-plan.js'
import { flowOptions } from '../plan/flow-settings.js'
import type { Option } from '../plan/option.js'
import { stageOptions } from '../plan/stage-settings.js'
import { type Polling, type PollingTable, resolvePolling } from '../shards/polling.js'
import { inChain } from '../topology/chain.js'
import { hasNames } from '../yaml/substitute.js'
import { containerPort, inImage } from './container-paths.js'
import { isOwn, shardIds, workloadName } from './workload.js'

export interface GatewayContainer {
  /** Folder of the project whose image runs the gateway. */
  readonly project: string
  /** Where containers find each other: from the name of a workload to that of a host. */
  host(workload: string): string
  /** How the replicas behind such a host are found. Default `dns`. */
  readonly discover?: 'dns' | 'kubernetes'
}

/**
 * The Flow as its gateway's container runs it: every stage is external, its replicas are found by the name of its
 * workload, and what the gateway decides (polling, reduce, retries …) is that of the plan. Only what differs from the defaults.
 *
 * @throws UNSUPPORTED for a reduce that is a function, and for texts that a reader of YAML would replace
 */
export function gatewayConfig({ settings, stages }: FlowPlan, container: GatewayContainer): object {
  const { name, prefetch, queue, limits, maxMessageBytes, requestLimits, timeoutMs, timeoutSendMs, graceMs } =
    settings
  const executors = inChain(stages).map((stage) => ({
    name: stage.name,
    ...(isHop(stage) && hop(stage, container, name)),
  }))
  for (const stage of executors) checkTexts(stage, stage.name)
  return {
    jtype: 'Flow',
    with: {
      ...(!hasNames(name) && { name }),
      ...changed(
        { prefetch, queue, limits, maxMessageBytes, requestLimits, timeoutMs, graceMs },
        flowOptions,
      ),
      ...(timeoutSendMs !== null && { timeout_send: timeoutSendMs }),
    },
    executors,
  }
}

/** What its container is told behind `millrace`. */
export function gatewayArgs({ settings: { name } }: FlowPlan, file: string): readonly string[] {
  // in the file it would be replaced; behind = it may begin with a dash
  return ['flow', file, '--port', String(containerPort), ...(hasNames(name) ? [`--name=${name}`] : [])]
}

/** @throws UNSUPPORTED */
function checkTexts(value: unknown, stage: string): void {
  if (typeof value === 'string' && hasNames(value)) {
    throw new MillraceError(
      'UNSUPPORTED',
      `stage '${stage}': ${JSON.stringify(value)} would be replaced in the gateway's configuration, as a name of something else. Write it without $NAME and \${{ … }}.`,
    )
  }
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) checkTexts(item, stage)
  }
}

function isHop(stage: StagePlan): boolean {
  return isOwn(stage) || stage.external.length > 0
}

function hop(stage: StagePlan, container: GatewayContainer, flow: string): object {
  const { balance, retries, queue, hedge, timeoutSendMs, shards } = stage
  return {
    external: true,
    ...(isOwn(stage) ? found(stage, container) : somebodyElses(stage)),
    ...belonging(stage, flow),
    ...(shards > 1 && { shards, ...sharding(stage, container) }),
    ...changed({ balance, retries, queue }, stageOptions),
    ...(hedge !== null && { hedge: withoutNull(hedge) }),
    ...(timeoutSendMs !== null && { timeout_send: timeoutSendMs }),
  }
}

/** By which its pods are told from others at their addresses. A name that would be replaced in the file is not written. */
function belonging(stage: StagePlan, own: string): { readonly flow?: string } {
  const flow = stage.flow ?? (isOwn(stage) ? own : null)
  return flow === null || hasNames(flow) ? {} : { flow }
}

function found(stage: StagePlan, { host, discover = 'dns' }: GatewayContainer): object {
  const hosts = shardIds(stage).map((shard) => host(workloadName(stage, shard)))
  return { host: hosts.length === 1 ? hosts[0] : hosts, port: containerPort, discover }
}

function somebodyElses({ external, discover, tls }: StagePlan): object {
  return {
    host: external.map(({ host }) => host),
    port: external.map(({ port }) => port),
    ...(tls && { tls }),
    ...(discover !== 'static' && { discover }),
  }
}

function sharding(stage: StagePlan, { project }: GatewayContainer): object {
  const { key, onShardFailure, minShards, softDeadlineMs } = stage
  const polling = pollingWord(stage.polling)
  return {
    ...(polling !== 'ANY' && { polling }),
    ...changed({ key, onShardFailure, minShards, softDeadlineMs }, stageOptions),
    ...reducing(stage, project),
    ...gathering(stage),
  }
}

/** In the gateway's configuration it is a stage as any other. */
function gathering({ name, usesAfter, gatheredBy }: StagePlan): object {
  const gatherer = usesAfter === null ? gatheredBy : `${name}_after`
  return gatherer === null ? {} : { gatheredBy: gatherer }
}

/** The word that stands for the whole table, if there is one. A table says less: what it leaves out is as in Jina. */
function pollingWord(table: PollingTable): Polling | PollingTable {
  const words = ['ANY', 'ALL', 'KEY'] as const
  return words.find((word) => JSON.stringify(resolvePolling(word)) === JSON.stringify(table)) ?? table
}

function reducing({ reduce, name }: StagePlan, project: string): { readonly reduce?: unknown } {
  switch (reduce.kind) {
    case 'merge': {
      const ranking = withoutNull(reduce.ranking)
      return Object.keys(ranking).length === 0 ? {} : { reduce: ranking }
    }
    case 'concatenate':
      return { reduce: false }
    case 'module': {
      const module = inImage(reduce.url, project, name)
      return { reduce: reduce.name === null ? module : `${module}#${reduce.name}` }
    }
    case 'program':
      throw new MillraceError(
        'UNSUPPORTED',
        `stage '${name}': reduce is a function of this program, which a gateway in a container does not have. Put it into a module: reduce: './merge.js#best'.`,
      )
  }
}

/** What is not as it would be anyway. */
function changed<T extends object>(
  given: T,
  table: { readonly [K in keyof T]: Option<unknown> },
): Partial<T> {
  const entries = Object.entries(given).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(table[key as keyof T].preset),
  )
  return Object.fromEntries(entries) as Partial<T>
}

function withoutNull(given: object): object {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
}
