import fc from 'fast-check'
import { expect, it } from 'vitest'
import { gatewaySpec } from '../flow/gateway-spec.js'
import { type GatewaySpec, unsharded } from '../gateway/spec.js'
import type { FlowOptions } from '../plan/flow-settings.js'
import type { StageOptions } from '../plan/stage-settings.js'
import { planOf, plans, project, richPlan } from './fixture.suite.js'
import { gatewayConfig } from './gateway-config.js'

interface Written {
  readonly with: Record<string, unknown>
  readonly executors: readonly Record<string, unknown>[]
}

/** Jina's keys, in milliseconds as well. */
function asOptions({ timeout_send: timeoutSendMs, ...more }: Record<string, unknown>): object {
  return timeoutSendMs === undefined ? more : { ...more, timeoutSendMs }
}

/** The gateway that a reader of the configuration would start. */
function gatewayOf(written: Written): GatewaySpec {
  const stages = written.executors.map((stage) => asOptions(stage) as StageOptions)
  return gatewaySpec(planOf(asOptions(written.with) as FlowOptions, ...stages))
}

/** What the gateway decides, without where its stages are; of shards only where there are some. */
function decisions({ stages, ...more }: GatewaySpec): object {
  return {
    ...more,
    stages: stages.map(({ external: _external, silentMs: _silentMs, ...stage }) => ({
      ...stage,
      ...(stage.shards === 1 && unsharded),
    })),
  }
}

const place = { project, host: (workload: string): string => `${workload}.shop.svc` }

it('a gateway in a container decides as the one of this program', () => {
  const check = (plan: typeof richPlan): void => {
    const written = gatewayConfig(plan, place) as Written
    expect(decisions(gatewayOf(written))).toEqual(decisions(gatewaySpec(plan)))
  }
  check(richPlan)
  fc.assert(fc.property(plans, check), { numRuns: 200 })
})

it('a gateway in a container looks for the replicas of each shard under its name', () => {
  const { stages } = gatewayOf(gatewayConfig(richPlan, place) as Written)
  expect(stages[3]?.external).toEqual(
    [0, 1].map((shard) => ({
      shard,
      address: { kind: 'grpc', host: `indexer-1-${shard}.shop.svc`, port: 8080, tls: false },
      discover: true,
    })),
  )
})
