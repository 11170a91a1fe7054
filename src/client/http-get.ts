import http from 'node:http'
import https from 'node:https'
import type { Host } from '../client-core/host.js'
import { MillraceError } from '../errors.js'
import { authority } from '../lib/authority.js'
import { ClientCredentials } from '../tls/client-credentials.js'
import type { ClientTls } from '../tls/client-tls.js'

export interface HttpAnswer {
  readonly status: number
  readonly text: string
  /** False when there was more than `maxBytes`. */
  readonly isWhole: boolean
}

export type HttpServer = Omit<Host, 'protocol'> & { readonly credentials?: ClientTls | undefined }

interface GetOptions {
  readonly timeoutMs: number
  readonly headers: Readonly<Record<string, string>>
  /** About how much of the answer is kept; the rest is read and dropped. */
  readonly maxBytes: number
}

/** One GET, on a connection of its own. @throws UNAVAILABLE, DEADLINE_EXCEEDED */
export function get(
  { host, port, tls, credentials }: HttpServer,
  path: string,
  { timeoutMs, headers, maxBytes }: GetOptions,
): Promise<HttpAnswer> {
  const address = authority(host, port)
  return new Promise((resolve, reject) => {
    const { request } = tls ? https : http
    const secure = tls ? new ClientCredentials(credentials).optionsFor(host) : {}
    const sent = request({ host, port, path, headers, agent: false, ...secure }, (response) => {
      let text = ''
      let isWhole = true
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        if (text.length < maxBytes) text += part
        else isWhole = false
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, isWhole }))
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
