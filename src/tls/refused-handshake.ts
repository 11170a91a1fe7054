/** Alerts about the client's certificate (RFC 8446, 6.2), in Node's error codes. */
const alert =
  /^ERR_SSL_.*_ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN)|UNKNOWN_CA|ACCESS_DENIED)$/

/**
 * Whether the server has refused the client's certificate. In TLS 1.3 the client learns that after its own handshake, and may
 * have sent requests: none of them ran.
 */
export function isRefusedHandshake(error: Error): boolean {
  return alert.test((error as NodeJS.ErrnoException).code ?? '')
}
