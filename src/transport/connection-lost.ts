/** The cause of an error of a call whose connection was lost while the peer had the call. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

/**
 * How the connection was lost while the peer had the call; undefined when the call failed otherwise. The peer may have ended,
 * and the call may be why.
 */
export function connectionLoss(error: Error): ConnectionLost | undefined {
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause)
    if (cause instanceof ConnectionLost) return cause
  return undefined
}
