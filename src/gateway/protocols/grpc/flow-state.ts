import { MillraceError } from '../../../errors.js'
import { encodeDescription } from '../../../wire/description.js'
import { encodeInfo } from '../../../wire/info.js'
import { encodeStatus } from '../../../wire/status.js'
import type { Serving } from '../../serving.js'
import { dryRun, versions } from '../flow-state.js'
import { withJinaHint } from '../jina-hints.js'
import { noTrailers, type UnaryMethod } from './method.js'

/** `JinaGatewayDryRunRPC/dry_run`. A failure is reported in the StatusProto. */
export function dryRunMethod(serving: Serving): UnaryMethod {
  return {
    kind: 'unary',
    timeoutMs: serving.timeoutMs,
    async answer(_, call) {
      const status = await dryRun(serving, call).catch((error: unknown) => ({
        code: 'ERROR' as const,
        description: withJinaHint(MillraceError.from(error)).message,
      }))
      return { message: [encodeStatus(status)], trailers: noTrailers }
    },
  }
}

/** `JinaDiscoverEndpointsRPC/endpoint_discovery`; UNAVAILABLE while none of the pods of a stage has described itself. */
export function endpointDiscovery({ describe }: Serving): UnaryMethod {
  return {
    kind: 'unary',
    answer: async () => ({ message: [encodeDescription(describe())], trailers: noTrailers }),
  }
}

/** `JinaInfoRPC/_status`. */
export function info(): UnaryMethod {
  const bytes = encodeInfo({ jina: versions(), envs: {} })
  return { kind: 'unary', answer: async () => ({ message: [bytes], trailers: noTrailers }) }
}
