/** The cause of a call's error when the connection was lost while the peer had the call. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

/**
 * The ConnectionLost among the causes of an error; undefined when the call failed for another reason. The peer may have
 * crashed, possibly because of this call.
 */
export function connectionLoss(error: Error): ConnectionLost | undefined {
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause)
    if (cause instanceof ConnectionLost) return cause
  return undefined
}
