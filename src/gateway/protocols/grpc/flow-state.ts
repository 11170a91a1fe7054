import { packageVersion } from '../../version.js'
import { MillraceError } from '../../../errors.js'
import { DataRequest } from '../../../wire/data-request.js'
import { encodeDescription } from '../../../wire/description.js'
import { encodeInfo } from '../../../wire/info.js'
import { encodeStatus } from '../../../wire/status.js'
import type { Serving } from '../../serving.js'
import { withJinaHint } from './jina-hints.js'
import { noTrailers, type UnaryMethod } from './method.js'

/** Endpoint that every pod answers without running an Executor. */
const dryRunEndpoint = '_jina_dry_run_'

/** `JinaGatewayDryRunRPC/dry_run`: an empty request through all stages. What fails is said in the StatusProto. */
export function dryRun({ handle, timeoutMs }: Serving): UnaryMethod {
  return {
    kind: 'unary',
    timeoutMs,
    async answer(_, call) {
      const status = await handle(DataRequest.create({ endpoint: dryRunEndpoint }), call).then(
        (answer) => answer.status ?? { code: 'SUCCESS' as const, description: '' },
        (error: unknown) => ({
          code: 'ERROR' as const,
          description: withJinaHint(MillraceError.from(error)).message,
        }),
      )
      return { message: [encodeStatus(status)], trailers: noTrailers }
    },
  }
}

/** `JinaDiscoverEndpointsRPC/endpoint_discovery`; UNAVAILABLE while a stage has no pod that has said what it serves. */
export function endpointDiscovery({ describe }: Serving): UnaryMethod {
  return {
    kind: 'unary',
    answer: async () => ({ message: [encodeDescription(describe())], trailers: noTrailers }),
  }
}

/** `JinaInfoRPC/_status`. Environment variables are not shown: they may hold secrets. */
export function info(): UnaryMethod {
  const bytes = encodeInfo({
    jina: {
      millrace: packageVersion(),
      node: process.versions.node,
      platform: process.platform,
      architecture: process.arch,
    },
    envs: {},
  })
  return { kind: 'unary', answer: async () => ({ message: [bytes], trailers: noTrailers }) }
}
