import type { PageFile } from '../../docs-page.js'
import type { Exchange } from './exchange.js'
import { pagePolicy } from '../../../lib/page-policy.js'

/** A file of the page at `/docs`. */
export function docsRoute({ type, content }: PageFile): (exchange: Exchange) => void {
  const headers = {
    'content-type': type,
    'content-security-policy': pagePolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache', // another version of Millrace may serve the next one
  }
  return (exchange) => exchange.answer(200, headers, content)
}
