import { MillraceError } from '../../../errors.js'
import { statusText } from '../../../wire/json/encode-answer.js'
import type { Serving } from '../../serving.js'
import { dryRun, versions } from '../flow-state.js'
import { withJinaHint } from '../jina-hints.js'
import type { Exchange } from './exchange.js'
import { jsonType } from './failure.js'

const json = { 'content-type': jsonType }

/** `GET /`: Jina's health check. */
export function root(exchange: Exchange): void {
  exchange.answer(200, json, '{}')
}

/** `GET /health/live`: 200 while the gateway's thread answers. */
export function live(exchange: Exchange): void {
  exchange.answer(200, json, '{"status":"live"}')
}

/** `GET /health/ready`: 200 while the gateway takes requests, else 503. */
export function ready({ state }: Serving, exchange: Exchange): void {
  if (state.isServing) exchange.answer(200, json, '{"status":"ready"}')
  else exchange.answer(503, json, '{"status":"not ready"}')
}

/** `GET /status`: versions. Environment variables are left out, because they may hold secrets. */
export function statusRoute(): (exchange: Exchange) => void {
  const text = JSON.stringify({ jina: versions(), envs: {} })
  return (exchange) => exchange.answer(200, json, text)
}

/** `GET /dry_run`: a request through all stages. The failure of one is told in the body of a 200 (jina.md 4.6). */
export function dryRunRoute(serving: Serving, exchange: Exchange): void {
  exchange.isHandled = true
  void dryRun(serving, exchange)
    .catch((error: unknown) => {
      const { message, code } = withJinaHint(MillraceError.from(error))
      const exception = { name: 'MillraceError', args: [message, code], stacks: [], executor: '' }
      return { code: 'ERROR' as const, description: message, exception }
    })
    .then((status) => exchange.answer(200, json, statusText(status)))
}
