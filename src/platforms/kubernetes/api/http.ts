import http from 'node:http'
import https from 'node:https'

export interface HttpRequest {
  readonly url: URL
  /** Method, headers, agent. */
  readonly options: https.RequestOptions
  readonly body: string | undefined
  readonly timeoutMs: number
}

export interface HttpAnswer {
  readonly status: number
  readonly body: string
  /** Milliseconds after which to ask again, where the server says so. */
  readonly retryAfterMs: number | null
}

/** One request, and its answer of whatever status. Rejects when there is none in time. */
export function sendHttp({ url, options, body, timeoutMs }: HttpRequest): Promise<HttpAnswer> {
  const { request: open } = url.protocol === 'http:' ? http : https
  return new Promise((resolve, reject) => {
    const request = open(url, options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        clearTimeout(timer)
        const seconds = Number(response.headers['retry-after'] ?? Number.NaN)
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString('utf8'),
          retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null,
        })
      })
    })
    // of the whole exchange: `timeout` of Node's is of silence
    const timer = setTimeout(() => request.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs)
    request.on('close', () => clearTimeout(timer))
    request.on('error', reject)
    request.end(body)
  })
}
