import type { ServerResponse } from 'node:http'
import { pagePolicy } from '../lib/page-policy.js'
import type { Look } from './feed.js'

/** Headers of every answer. Without CORS headers, no page of another origin can read one. */
const headers = {
  'content-security-policy': pagePolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
}

export interface Content {
  readonly type: string
  readonly content: string | Buffer
}

/** @param more further headers */
export function answer(
  response: ServerResponse,
  status: number,
  { type, content }: Content,
  more: Readonly<Record<string, string>> = {},
): void {
  const length = Buffer.byteLength(content)
  response.writeHead(status, { ...headers, ...more, 'content-type': type, 'content-length': length })
  response.end(content)
}

export function answerJson(response: ServerResponse, status: number, text: string): void {
  answer(response, status, { type: 'application/json', content: text })
}

/** A sentence for a person who opened a link. */
export function answerText(response: ServerResponse, status: number, sentence: string): void {
  answer(response, status, { type: 'text/plain; charset=utf-8', content: `${sentence}\n` })
}

/** Begins an event stream (HTML, 9.2). The returned function sends a look, unless the browser has not read the last ones. */
export function beginEvents(response: ServerResponse): (look: Look) => void {
  response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' })
  response.flushHeaders()
  return (look) => {
    if (!response.writableNeedDrain) response.write(`data: ${JSON.stringify(look)}\n\n`)
  }
}
