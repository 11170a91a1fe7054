import http from 'node:http'
import https from 'node:https'
import { MillraceError } from '../errors.js'
import { authority } from '../lib/authority.js'
import { ClientCredentials } from '../tls/client-credentials.js'
import type { ClientTls } from '../tls/client-tls.js'
import type { Host } from '../client-core/host.js'

/** More of an answer is not read. */
const maxBytes = 64 * 1024

interface Answer {
  readonly status: number
  readonly text: string
}

type HttpPeer = Omit<Host, 'protocol'> & { readonly credentials?: ClientTls | undefined }

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
  peer: HttpPeer,
  { isFlow, timeoutMs, headers }: HttpReadinessOptions,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  const ask = (path: string): Promise<Answer> =>
    get(peer, path, { timeoutMs: deadline - Date.now(), headers })
  if (isFlow) return requireSuccess(await ask('/dry_run'))
  const ready = await ask('/health/ready')
  const { status } = ready.status === 404 ? await ask('/') : ready
  if (status !== 200) throw new MillraceError('UNAVAILABLE', `its health check answers ${status}.`)
}

/** @throws UNAVAILABLE */
function requireSuccess({ status, text }: Answer): void {
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

/** @throws UNAVAILABLE, DEADLINE_EXCEEDED */
function get(
  { host, port, tls, credentials }: HttpPeer,
  path: string,
  { timeoutMs, headers }: Omit<HttpReadinessOptions, 'isFlow'>,
): Promise<Answer> {
  const address = authority(host, port)
  return new Promise((resolve, reject) => {
    const { request } = tls ? https : http
    const secure = tls ? new ClientCredentials(credentials).optionsFor(host) : {}
    const sent = request({ host, port, path, headers, agent: false, ...secure }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        if (text.length < maxBytes) text += part
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    const timer = setTimeout(() => sent.destroy(noAnswer(address, timeoutMs)), Math.max(0, timeoutMs))
    sent.on('close', () => clearTimeout(timer))
    sent.on('error', (error) =>
      reject(
        MillraceError.is(error) ? error : new MillraceError('UNAVAILABLE', `${address}: ${error.message}`),
      ),
    )
    sent.end()
  })
}

function noAnswer(address: string, timeoutMs: number): MillraceError {
  return new MillraceError('DEADLINE_EXCEEDED', `${address} did not answer within ${timeoutMs} ms.`)
}
