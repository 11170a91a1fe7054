import type { PageFile } from '../../docs-page.js'
import type { Exchange } from './exchange.js'

/** The page loads its own files and `/openapi.json`, and calls the Flow that served it; nothing else, and nobody frames it. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** A file of the page at `/docs`. */
export function docsRoute({ type, content }: PageFile): (exchange: Exchange) => void {
  const headers = {
    'content-type': type,
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache', // another version of Millrace may serve the next one
  }
  return (exchange) => exchange.answer(200, headers, content)
}
