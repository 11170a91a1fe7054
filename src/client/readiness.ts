import { MillraceError } from '../errors.js'
import { GrpcConnection } from '../grpc/client/connection.js'
import { methods } from '../grpc/methods.js'
import { defaultMaxMessageBytes } from '../grpc/client/peer.js'
import { errorFromGrpc } from '../grpc/status.js'
import { decodeHealthResponse, encodeHealthRequest } from '../wire/health.js'
import type { ClientTls } from '../tls/client-tls.js'
import { decodeStatus } from '../wire/status.js'
import { parseHost } from '../client-core/host.js'
import { askHttpReadiness } from './http-readiness.js'
import { withToken } from '../client-core/token.js'

export interface ReadinessOptions {
  /** True sends a request through all stages; false asks the gRPC health service, or `/health/ready`. */
  readonly isFlow: boolean
  readonly timeoutMs: number
  /** For a Flow with `auth`. */
  readonly token?: string
  /** For `grpcs://` and `https://`. */
  readonly tls?: ClientTls
}

/** Resolves when the server is ready; rejects with the reason when it is not. */
export async function askReadiness(host: string, options: ReadinessOptions): Promise<void> {
  const { isFlow, timeoutMs, token, tls: credentials } = options
  const headers = token === undefined ? {} : withToken({}, token)
  const { protocol, ...address } = parseHost(host)
  const peer = { ...address, credentials }
  // a port of WebSocket answers health checks over HTTP
  if (protocol !== 'grpc') return askHttpReadiness(peer, { isFlow, timeoutMs, headers })
  const connection = new GrpcConnection({ ...peer, maxMessageBytes: defaultMaxMessageBytes })
  const call = { deadline: Date.now() + timeoutMs, headers }
  try {
    if (isFlow) requireSuccess(await connection.unary(methods.dryRun, new Uint8Array(), call))
    else requireServing(await connection.unary(methods.healthCheck, encodeHealthRequest(), call))
  } catch (error) {
    throw errorFromGrpc(error, { address: connection.address })
  } finally {
    connection.close(new MillraceError('CANCELLED', 'The readiness check has ended.'))
  }
}

/** @throws UNAVAILABLE */
function requireServing(answer: Uint8Array): void {
  const status = decodeHealthResponse(answer)
  if (status !== 'SERVING') throw new MillraceError('UNAVAILABLE', `its health status is ${status}.`)
}

/** @throws UNAVAILABLE */
function requireSuccess(answer: Uint8Array): void {
  const { code, description } = decodeStatus(answer)
  if (code === 'ERROR') throw new MillraceError('UNAVAILABLE', description)
}
