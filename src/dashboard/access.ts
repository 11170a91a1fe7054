// Invariants
// 1. A link opens the page once: its token is exchanged for a cookie, and is worth nothing afterwards.
// 2. Nothing but that page is answered without the cookie.
// 3. Only a page of this server can change something: its Origin is compared, and nobody else is told what they may do (no CORS).
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { withoutBrackets } from '../lib/authority.js'

/** Names by which a browser on this machine reaches a loopback address; others come from DNS, which a stranger may rebind. */
const loopbackNames: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '::1'])

/** Bytes of a token: too many to guess. */
const tokenBytes = 32

/** The secrets of one dashboard. */
export class Access {
  /**
   * Path of everything that is served, `/…/`. Cookies are shared by all ports of a host, so this keeps the cookie from other
   * servers on this machine.
   */
  readonly base = `/${secret(9)}/`
  readonly #cookieName = 'millrace'
  readonly #session = secret(tokenBytes)
  #token: string | null = secret(tokenBytes)

  /** Path and query of the link that opens the page once; null after it was opened. */
  get link(): string | null {
    return this.#token === null ? null : `${this.base}?token=${this.#token}`
  }

  /** The value of `set-cookie` in exchange for the token of the link; null for another token, and for the second time. */
  exchange(token: string): string | null {
    if (this.#token === null || !isSame(token, this.#token)) return null
    this.#token = null
    return `${this.#cookieName}=${this.#session}; Path=${this.base}; HttpOnly; SameSite=Strict`
  }

  /** Whether a request has the cookie. */
  isKnown({ cookie = '' }: IncomingHttpHeaders): boolean {
    const pairs = cookie.split(';').map((pair) => pair.trim().split('='))
    return pairs.some(([name, value = '']) => name === this.#cookieName && isSame(value, this.#session))
  }
}

/** Whether the page that asks was loaded from this machine by a name that DNS cannot give to a stranger. */
export function isLoopbackHost({ host = '' }: IncomingHttpHeaders): boolean {
  const name = host.replace(/:\d+$/, '')
  return loopbackNames.has(withoutBrackets(name.toLowerCase()))
}

/** Whether a request comes from a page of the same origin: browsers send the Origin with each POST. */
export function isOwnOrigin({ origin, host }: IncomingHttpHeaders): boolean {
  return origin !== undefined && origin === `http://${host}`
}

function secret(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}

/** Compares in constant time; hashes first, because the lengths may differ. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}
