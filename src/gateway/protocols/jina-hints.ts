import { MillraceError } from '../../errors.js'

/**
 * The error of a failed hop with Jina's text appended word for word: clients of Jina, and their tests, look for it
 * (jina.md 5.3).
 */
export function withJinaHint(error: MillraceError): MillraceError {
  const { deployment, address = deployment } = error.where
  if (deployment === undefined || error.message.includes('|Gateway:')) return error
  const hint = hints[error.code]?.(deployment, `{${address}}`)
  if (hint === undefined) return error
  const { code, message, ...facts } = error.facts
  return new MillraceError(code, `${message}${hint}`, { ...facts, cause: error })
}

const hints: Partial<Record<string, (deployment: string, addresses: string) => string>> = {
  UNAVAILABLE: (deployment, addresses) =>
    ` |Gateway: Communication error with deployment ${deployment} at address(es) ${addresses}. Head or worker(s) may be down.`,
  DEADLINE_EXCEEDED: (deployment, addresses) =>
    ` |Gateway: Connection with deployment ${deployment} at address(es) ${addresses} could be established, but timed out. You can increase the allowed time by setting \`timeout_send\` (timeoutSendMs).`,
  NOT_FOUND: (deployment, addresses) =>
    `\n|Gateway: Connection error with deployment \`${deployment}\` at address(es) ${addresses}. Connection with ${addresses} succeeded, but \`${deployment}\` was not found. Possibly \`${deployment}\` is behind an API gateway but not reachable.`,
}
