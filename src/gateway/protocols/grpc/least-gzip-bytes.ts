import type { Headers } from '../../../http2/message-head.js'
import type { GrpcRules } from '../../grpc-rules.js'

/**
 * The least size, in bytes, of messages that are compressed with gzip for a call with these headers; null: none is. By default
 * answers are compressed for clients that compress their requests, as grpc-go does.
 */
export function leastGzipBytes(headers: Headers, { compression }: GrpcRules): number | null {
  if (compression === null) return null
  if (!compression.always && (headers['grpc-encoding'] ?? 'identity') === 'identity') return null
  const accepted = headers['grpc-accept-encoding']?.split(',', 32)
  return accepted?.some((name) => name.trim() === 'gzip') ? compression.minBytes : null
}
