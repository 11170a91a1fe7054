import { MillraceError } from '../errors.js'
import type { ProgramReducers } from '../gateway/host.js'
import type { GatewaySpec } from '../gateway/spec.js'
import type { FlowPlan, StagePlan } from '../plan/flow-plan.js'
import type { FlowSettings } from '../plan/flow-settings.js'
import { listenersOf } from '../plan/listeners.js'
import { onDocuments } from '../shards/reduce.js'

/** The gateway's configuration for a plan. */
export function gatewaySpec({ settings, stages }: FlowPlan): GatewaySpec {
  return {
    name: settings.name,
    listeners: listenersOf(settings),
    prefetch: settings.prefetch,
    queue: settings.queue,
    maxMessageBytes: settings.maxMessageBytes,
    limits: { ...settings.limits, maxBytes: bytesOfClients(settings) },
    requestLimits: settings.requestLimits,
    timeoutMs: settings.timeoutMs,
    grpc: settings.grpc,
    http: settings.http,
    auth: settings.auth,
    tls: settings.tls,
    rateLimit: settings.rateLimit,
    trustProxy: settings.trustProxy,
    log: settings.log,
    accessLog: settings.accessLog,
    metrics: settings.metrics,
    tracing: settings.tracing,
    unknownEndpoint: settings.unknownEndpoint,
    stages: stages.map((stage) => ({
      name: stage.name,
      needs: stage.needs,
      floating: stage.floating,
      when: stage.when,
      passThrough: stage.source.kind === 'pass-through' && stage.external.length === 0,
      balance: stage.balance,
      timeoutSendMs: stage.timeoutSendMs ?? settings.timeoutSendMs,
      retries: stage.retries,
      maxLostReplicas: stage.maxLostReplicas,
      hedge: stage.hedge,
      queue: stage.queue,
      silentMs: stage.source.kind === 'pass-through' ? null : (stage.liveness?.timeoutMs ?? null),
      shards: stage.source.kind === 'pass-through' && stage.external.length === 0 ? 1 : stage.shards,
      polling: stage.polling,
      key: stage.key,
      reduce: stage.reduce.kind === 'program' ? { kind: 'program' } : stage.reduce,
      onShardFailure: stage.onShardFailure,
      minShards: stage.minShards,
      softDeadlineMs: stage.softDeadlineMs,
      gatheredBy: gatheredByOf(stage, stages),
      flow: stage.flow,
      sendsParts: sendsParts(stage, stages),
      part: stage.part === null ? null : { shard: stage.part.shardId, shards: stage.part.shards },
      docarray: stage.docarray,
      forwardHeaders: stage.external.length === 0 ? settings.headers : stage.forwardHeaders,
      external: stage.external.map(({ shard, host, port, tls }) => ({
        shard,
        address: {
          ...{ kind: 'grpc' as const, host, port, tls: tls !== false },
          ...(typeof tls === 'object' && { credentials: tls }),
        },
        discover: stage.discover,
      })),
    })),
  }
}

/** Whether a stage keeps answers apart, of the branches that it joins or of the shards that it gathers, and its servers may be Jina's. */
function sendsParts(stage: StagePlan, stages: readonly StagePlan[]): boolean {
  const joins = stage.needs.length > 1 && stage.reduce.kind === 'concatenate'
  return stage.flow === null && (joins || stages.some(({ gatheredBy }) => gatheredBy === stage.name))
}

/** Enough for the connections and calls of some hundred clients, however small their messages. */
const leastBytesOfClients = 64 * 1024 * 1024

function bytesOfClients({ limits, maxMessageBytes }: FlowSettings): number {
  return limits.maxBytes ?? Math.max(leastBytesOfClients, 4 * maxMessageBytes)
}

/** Name of the stage that gets this stage's answers unmerged. @throws INVALID_OPTION unless that stage needs it */
function gatheredByOf(
  { name, shards, usesAfter, gatheredBy }: StagePlan,
  stages: readonly StagePlan[],
): string | null {
  const behind = stages.filter(({ needs }) => needs.includes(name))
  const [gatherer, ...others] = behind
  const isAlone = others.length === 0 && gatherer?.needs.length === 1
  if (gatheredBy !== null && !(isAlone && gatherer.name === gatheredBy)) {
    const found =
      behind.length === 0
        ? 'there is no stage'
        : `there is ${behind.map((one) => `'${one.name}'`).join(', ')}`
    throw new MillraceError(
      'INVALID_OPTION',
      `stage '${name}': gatheredBy is '${gatheredBy}', and ${found} right behind it. Add the stage that gathers there, alone, with needs: '${name}' and no other.`,
    )
  }
  return shards > 1 && usesAfter !== null ? `${name}_after` : gatheredBy
}

/** Reduce functions that run in this program, by stage; the gateway sends it the answers to reduce. */
export function programReducers({ stages }: FlowPlan): ProgramReducers {
  return new Map(
    stages.flatMap(({ name, reduce }) =>
      reduce.kind === 'program' ? [[name, onDocuments(reduce.run)]] : [],
    ),
  )
}
