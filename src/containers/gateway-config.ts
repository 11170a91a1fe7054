import { MillraceError } from '../errors.js'
import type { HttpRules } from '../gateway/http-rules.js'
import type { FlowPlan, StagePlan } from '../plan/flow-plan.js'
import { flowOptions } from '../plan/flow-settings.js'
import type { Option } from '../plan/option.js'
import { stageOptions } from '../plan/stage-settings.js'
import { type Polling, type PollingTable, resolvePolling } from '../shards/polling.js'
import { inOrder, writtenNeeds } from '../topology/graph.js'
import { hasNames } from '../yaml/substitute.js'
import { containerAuth } from './container-auth.js'
import { containerClientTls, containerTls } from './container-tls.js'
import { containerListeners } from './container-listeners.js'
import {
  containerHost,
  containerMetricsPortOf,
  containerPort,
  functionInImage,
  inImage,
} from './container-paths.js'
import { containerTracing } from './container-tracing.js'
import { isOwn, shardIds, workloadName } from './workload.js'

export interface GatewayContainer {
  /** Folder of the project from which the gateway's image was built. */
  readonly project: string
  /** Host name of a workload, as other containers resolve it. */
  host(workload: string): string
  /** How the replicas behind a host are discovered. Default `dns`. */
  readonly discover?: 'dns' | 'kubernetes'
}

/**
 * Configuration of the gateway's container: every stage is external, its replicas are discovered by the name of its
 * workload, and polling, reduce, retries and so on are those of the plan. Contains only what differs from the defaults.
 *
 * @throws UNSUPPORTED for a reduce that is a function, and for strings that reading the YAML would substitute
 */
export function gatewayConfig({ settings, stages }: FlowPlan, container: GatewayContainer): object {
  const {
    name,
    prefetch,
    queue,
    limits,
    maxMessageBytes,
    requestLimits,
    timeoutMs,
    timeoutSendMs,
    graceMs,
    grpc,
    http,
    rateLimit,
    trustProxy,
    log,
    accessLog,
    metrics,
    tracing,
    unknownEndpoint,
  } = settings
  // its socket would be in the pod's /tmp, which Kubernetes creates without the sticky bit; `kubectl` replaces it
  const hasControl = container.discover !== 'kubernetes'
  const ordered = inOrder(stages)
  const needs = writtenNeeds(ordered)
  const executors = ordered.map((stage) => ({
    name: stage.name,
    ...(needs.has(stage.name) && { needs: needs.get(stage.name) }),
    ...(stage.floating && { floating: true }),
    ...(stage.when !== null && { when: withoutNull(stage.when) }),
    ...(isHop(stage)
      ? hop(stage, container, settings)
      : stage.needs.length > 1 && reducing(stage, container.project)),
  }))
  for (const stage of executors) checkTexts(stage, stage.name)
  return {
    jtype: 'Flow',
    with: {
      ...(!hasNames(name) && { name }),
      ...protocolsAndPorts(settings),
      ...changed(
        {
          prefetch,
          queue,
          limits,
          maxMessageBytes,
          requestLimits,
          timeoutMs,
          graceMs,
          grpc,
          http: containerHttp(http, container.project),
          rateLimit,
          trustProxy,
          log,
          accessLog,
          unknownEndpoint,
        },
        flowOptions,
      ),
      ...(metrics !== null && {
        metrics: { ...metrics, port: containerMetricsPortOf(metrics), host: containerHost },
      }),
      ...(tracing !== null && { tracing: containerTracing(tracing) }),
      ...containerAuth(settings.auth, container.project),
      ...containerTls(settings.tls),
      ...(timeoutSendMs !== null && { timeout_send: timeoutSendMs }),
      ...(!hasControl && { control: false }),
    },
    executors,
  }
}

/** The option `http`, with the module of routes as the image has it. @throws UNSUPPORTED */
function containerHttp(http: HttpRules, project: string): HttpRules {
  const { routes } = http
  return routes === null ? http : { ...http, routes: functionInImage(routes, project, 'http.routes') }
}

/** Arguments of `millrace` in the gateway's container. */
export function gatewayArgs({ settings }: FlowPlan, file: string): readonly string[] {
  const { name } = settings
  const isOne = containerListeners(settings).length === 1
  return [
    ...['flow', file, '--host', containerHost],
    ...(isOne ? ['--port', String(containerPort)] : []),
    // in the file the name would be substituted; with `=`, because it may begin with a dash
    ...(hasNames(name) ? [`--name=${name}`] : []),
  ]
}

/** A port for each protocol. One port that all share is an argument. */
function protocolsAndPorts(settings: FlowPlan['settings']): object {
  const listeners = containerListeners(settings)
  if (listeners.length === 1) return changed({ protocol: settings.protocol }, flowOptions)
  return {
    protocol: listeners.flatMap(({ protocols }) => protocols),
    port: listeners.flatMap(({ protocols, port }) => protocols.map(() => port)),
  }
}

/** @throws UNSUPPORTED */
function checkTexts(value: unknown, stage: string): void {
  if (typeof value === 'string' && hasNames(value)) {
    throw new MillraceError(
      'UNSUPPORTED',
      `stage '${stage}': ${JSON.stringify(value)} would be substituted as a variable in the gateway's configuration. Write it without $NAME and \${{ … }}.`,
    )
  }
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) checkTexts(item, stage)
  }
}

function isHop(stage: StagePlan): boolean {
  return isOwn(stage) || stage.external.length > 0
}

function hop(
  stage: StagePlan,
  container: GatewayContainer,
  { name: flow, headers }: FlowPlan['settings'],
): object {
  const { balance, retries, maxLostReplicas, queue, hedge, timeoutSendMs, shards, docarray } = stage
  return {
    external: true,
    ...(isOwn(stage) ? { ...found(stage, container), forwardHeaders: headers } : externalServers(stage)),
    ...belonging(stage, flow),
    ...(shards > 1 && { shards, ...sharding(stage, container) }),
    ...(shards === 1 && stage.needs.length > 1 && reducing(stage, container.project)),
    ...changed({ balance, retries, maxLostReplicas, queue }, stageOptions),
    ...(hedge !== null && { hedge: withoutNull(hedge) }),
    ...(timeoutSendMs !== null && { timeout_send: timeoutSendMs }),
    ...(docarray !== null && { docarray }),
  }
}

/** The Flow that its pods must belong to. A name that YAML would substitute is left out. */
function belonging(stage: StagePlan, own: string): { readonly flow?: string } {
  const flow = stage.flow ?? (isOwn(stage) ? own : null)
  return flow === null || hasNames(flow) ? {} : { flow }
}

function found(stage: StagePlan, { host, discover = 'dns' }: GatewayContainer): object {
  const hosts = shardIds(stage).map((shard) => host(workloadName(stage, shard)))
  return { host: hosts.length === 1 ? hosts[0] : hosts, port: containerPort, discover }
}

function externalServers({ name, external, discover, tls, forwardHeaders }: StagePlan): object {
  return {
    host: external.map(({ host }) => host),
    port: external.map(({ port }) => port),
    ...(tls !== false && { tls: containerClientTls(tls, name) }),
    ...(forwardHeaders.length > 0 && { forwardHeaders }),
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
    ...gatheredByOf(stage),
  }
}

/** `usesAfter` is a stage of its own in the gateway's configuration. */
function gatheredByOf({ name, usesAfter, gatheredBy }: StagePlan): object {
  const after = usesAfter === null ? gatheredBy : `${name}_after`
  return after === null ? {} : { gatheredBy: after }
}

/** The word that stands for the whole table, if there is one. (A table leaves Jina's defaults for endpoints it does not name.) */
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
    case 'changes':
      return { reduce: 'changes' }
    case 'module': {
      const module = inImage(reduce.url, project, name)
      return { reduce: reduce.name === null ? module : `${module}#${reduce.name}` }
    }
    case 'program':
      throw new MillraceError(
        'UNSUPPORTED',
        `stage '${name}': reduce is a function of this program, which a gateway in a container cannot call. Move it to a module: reduce: './merge.js#best'.`,
      )
  }
}

/** Options that differ from their default. */
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
