import { MillraceError } from '../errors.js'
import { get, type HttpAnswer, type HttpServer } from './http-get.js'

/** More of an answer is not read. */
const maxBytes = 64 * 1024

interface HttpReadinessOptions {
  readonly isFlow: boolean
  readonly timeoutMs: number
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Resolves when an HTTP gateway is ready: Millrace's `/health/ready`, or `/` of a server that does not have it, such as
 * Jina's; for a Flow `/dry_run`. Rejects with the reason when it is not.
 */
export async function askHttpReadiness(
  peer: HttpServer,
  { isFlow, timeoutMs, headers }: HttpReadinessOptions,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  const ask = (path: string): Promise<HttpAnswer> =>
    get(peer, path, { timeoutMs: deadline - Date.now(), headers, maxBytes })
  if (isFlow) return requireSuccess(await ask('/dry_run'))
  const ready = await ask('/health/ready')
  const { status } = ready.status === 404 ? await ask('/') : ready
  if (status !== 200) throw new MillraceError('UNAVAILABLE', `its health check answers ${status}.`)
}

/** @throws UNAVAILABLE */
function requireSuccess({ status, text }: HttpAnswer): void {
  if (status !== 200) throw new MillraceError('UNAVAILABLE', `its dry run answers ${status}.`)
  const { code, description } = parsed(text)
  if (code !== 0 && code !== 'SUCCESS') throw new MillraceError('UNAVAILABLE', String(description))
}

/** @throws UNAVAILABLE */
function parsed(text: string): { readonly code?: unknown; readonly description?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as object
  } catch (cause) {
    throw new MillraceError('UNAVAILABLE', 'its dry run answers no JSON.', { cause })
  }
}
