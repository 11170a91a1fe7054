import { MillraceError } from '../errors.js'

/**
 * What a failed hop says to a client. Clients and their tests look for Jina's texts (jina.md 5.3), so they are appended
 * word for word to what happened; `where` must be known.
 */
export function explain(error: MillraceError): MillraceError {
  const { deployment = '', address = deployment } = error.where
  const hint = hints[error.code]?.(deployment, `{${address}}`)
  if (hint === undefined || error.message.includes('|Gateway:')) return error
  const { code, message, ...facts } = error.facts
  return new MillraceError(code, `${message}${hint}`, { ...facts, cause: error })
}

const hints: Partial<Record<string, (deployment: string, addresses: string) => string>> = {
  UNAVAILABLE: (deployment, addresses) =>
    ` |Gateway: Communication error with deployment ${deployment} at address(es) ${addresses}. Head or worker(s) may be down.`,
  DEADLINE_EXCEEDED: (deployment, addresses) =>
    `|Gateway: Connection with deployment ${deployment} at address(es) ${addresses} could be established, but timed out. You can increase the allowed time by setting \`timeout_send\` (timeoutSendMs).`,
  NOT_FOUND: (deployment, addresses) =>
    `\n|Gateway: Connection error with deployment \`${deployment}\` at address(es) ${addresses}. Connection with ${addresses} succeeded, but \`${deployment}\` was not found. Possibly \`${deployment}\` is behind an API gateway but not reachable.`,
}
