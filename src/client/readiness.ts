import { MillraceError } from '../errors.js'
import { GrpcConnection } from '../transport/grpc/connection.js'
import { methods } from '../grpc/methods.js'
import { defaultMaxMessageBytes } from '../transport/grpc/peer.js'
import { errorFromGrpc } from '../grpc/status.js'
import { decodeHealthResponse, encodeHealthRequest } from '../wire/health.js'
import { decodeStatus } from '../wire/status.js'
import { parseHost } from './host.js'

export interface ReadinessOptions {
  /** Whether to send a request through all stages, instead of asking the server for its health. */
  readonly isFlow: boolean
  readonly timeoutMs: number
}

/** Resolves when a server is ready; rejects with why it is not. */
export async function askReadiness(host: string, { isFlow, timeoutMs }: ReadinessOptions): Promise<void> {
  const peer = parseHost(host)
  const connection = await GrpcConnection.open({ ...peer, maxMessageBytes: defaultMaxMessageBytes })
  const options = { deadline: Date.now() + timeoutMs, headers: {} }
  try {
    if (isFlow) requireSuccess(await connection.unary(methods.dryRun, new Uint8Array(), options))
    else requireServing(await connection.unary(methods.healthCheck, encodeHealthRequest(), options))
  } catch (error) {
    throw errorFromGrpc(error, { address: connection.address })
  } finally {
    connection.close(new MillraceError('CANCELLED', 'It was asked.'))
  }
}

/** @throws UNAVAILABLE */
function requireServing(answer: Uint8Array): void {
  const status = decodeHealthResponse(answer)
  if (status !== 'SERVING') throw new MillraceError('UNAVAILABLE', `it says that it is ${status}.`)
}

/** @throws UNAVAILABLE */
function requireSuccess(answer: Uint8Array): void {
  const { code, description } = decodeStatus(answer)
  if (code === 'ERROR') throw new MillraceError('UNAVAILABLE', description)
}
