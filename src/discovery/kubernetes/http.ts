import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'

/** A request to the API server of a cluster. */
export interface HttpRequest {
  readonly url: URL
  /** Method, headers, agent, certificates, signal. */
  readonly options: https.RequestOptions
  readonly body?: string | undefined
  /** Milliseconds to wait for the head of the response. */
  readonly timeoutMs: number
}

/** Sends a request. Resolves with the response head, whatever its status; rejects on timeout. */
export function sendHttp({ url, options, body, timeoutMs }: HttpRequest): Promise<IncomingMessage> {
  const { request: open } = url.protocol === 'http:' ? http : https
  return new Promise((resolve, reject) => {
    const request = open(url, options, (response) => {
      clearTimeout(timer)
      resolve(response)
    })
    const timer = setTimeout(() => request.destroy(noAnswer(timeoutMs)), timeoutMs)
    request.on('close', () => clearTimeout(timer))
    request.on('error', reject)
    request.end(body)
  })
}

/** Reads a body as text. Rejects when it takes longer than `timeoutMs`. */
export async function readText(response: IncomingMessage, timeoutMs: number): Promise<string> {
  const timer = setTimeout(() => response.destroy(noAnswer(timeoutMs)), timeoutMs)
  try {
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('utf8')
  } finally {
    clearTimeout(timer)
  }
}

/** Yields the lines of a body as they arrive. Rejects after `silentMs` without data. */
export async function* readLines(response: IncomingMessage, silentMs: number): AsyncGenerator<string> {
  response.setTimeout(silentMs, () => response.destroy(noAnswer(silentMs)))
  response.setEncoding('utf8')
  let begun = ''
  for await (const chunk of response) {
    const lines = `${begun}${chunk}`.split('\n')
    begun = lines.pop()!
    yield* lines
  }
}

function noAnswer(timeoutMs: number): Error {
  return new Error(`no answer in ${timeoutMs} ms`)
}
