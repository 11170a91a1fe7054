import type { GatewaySpec } from '../gateway/spec.js'
import type { FlowPlan } from '../plan/flow-plan.js'

/** The gateway that a plan asks for. */
export function gatewaySpec({ settings, stages }: FlowPlan): GatewaySpec {
  return {
    name: settings.name,
    host: settings.host,
    port: settings.port[0] ?? 0,
    prefetch: settings.prefetch,
    queue: settings.queue,
    maxMessageBytes: settings.maxMessageBytes,
    timeoutMs: settings.timeoutMs,
    stages: stages.map((stage) => ({
      name: stage.name,
      passThrough: stage.source.kind === 'pass-through' && stage.external.length === 0,
      balance: stage.balance,
      timeoutSendMs: stage.timeoutSendMs ?? settings.timeoutSendMs,
      retries: stage.retries,
      hedge: stage.hedge,
      queue: stage.queue,
      silentMs: stage.source.kind === 'pass-through' ? null : (stage.liveness?.timeoutMs ?? null),
      external: stage.external.map((address) => ({ kind: 'grpc' as const, ...address })),
    })),
  }
}
