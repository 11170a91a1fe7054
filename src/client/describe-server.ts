import { parseHost } from '../client-core/host.js'
import { withToken } from '../client-core/token.js'
import { GrpcConnection } from '../grpc/client/connection.js'
import { defaultMaxMessageBytes } from '../grpc/client/peer.js'
import { methods } from '../grpc/methods.js'
import { errorFromGrpc } from '../grpc/status.js'
import type { ClientTls } from '../tls/client-tls.js'
import { type Description, decodeDescription, unknownDescription } from '../wire/description.js'
import { MillraceError } from '../errors.js'

/** How long a server may take to describe itself. */
const timeoutMs = 10_000

/**
 * Asks a server for its endpoints and their schemas (jina.md 4.4). Only gRPC has that question: for another protocol
 * nothing is known.
 *
 * @throws UNAVAILABLE, UNAUTHENTICATED, DEADLINE_EXCEEDED
 */
export async function describeServer(given: {
  readonly host: string
  readonly tls: ClientTls | null
  /** Null: none is sent. */
  readonly token: string | null
}): Promise<Description> {
  const { protocol, host, port, tls } = parseHost(given.host)
  if (protocol !== 'grpc') return unknownDescription
  const credentials = given.tls === null ? {} : { credentials: given.tls }
  const connection = new GrpcConnection({
    ...{ host, port, tls, ...credentials },
    maxMessageBytes: defaultMaxMessageBytes,
  })
  try {
    const headers = given.token === null ? {} : withToken({}, given.token)
    const options = { deadline: Date.now() + timeoutMs, headers }
    return decodeDescription(await connection.unary(methods.endpointDiscovery, new Uint8Array(0), options))
  } catch (error) {
    throw errorFromGrpc(error, { address: given.host })
  } finally {
    connection.close(new MillraceError('CANCELLED', 'The server has been asked.'))
  }
}
