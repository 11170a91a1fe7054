import type { IncomingMessage } from 'node:http'
import { MillraceError } from '../../../errors.js'
import { timeoutHeader } from '../../../wire/gateway-headers.js'
import { bearerPrefix, headerPrefix, pageOffer } from '../../../wire/websocket.js'

/** A header as `name: value`: printable ASCII, as clients check it. */
const form = /^([\w.-]+):([ -~]*)$/

/** Headers that pages cannot set over HTTP either (Fetch, 2.2.2), or that proxies set. */
const notForPages =
  /^(cookie|date|dnt|forwarded|host|origin|referer|via|x-real-ip)$|^(proxy-|sec-|x-forwarded-)/

/** Headers of which the gateway is the only reader. */
const own: ReadonlySet<string> = new Set(['authorization', timeoutHeader])

/** The entries of `Sec-WebSocket-Protocol`. */
export function offersOf({ headers }: IncomingMessage): readonly string[] {
  const written = headers['sec-websocket-protocol']
  return written === undefined ? [] : written.split(',').map((entry) => entry.trim())
}

/** Whether the client is a page's: it cannot read why a handshake was refused, nor hold its socket back. */
export function isPage(message: IncomingMessage): boolean {
  return offersOf(message).includes(pageOffer)
}

/** The credentials of a handshake: the header `authorization` or, as browsers cannot set it, an entry of the sub-protocols. */
export function credentialsOf(message: IncomingMessage): string | undefined {
  const { authorization } = message.headers
  const entry = offersOf(message).find((each) => each.startsWith(bearerPrefix))
  if (authorization !== undefined || entry === undefined) return authorization
  // without a text there is no token
  return `Bearer ${decoded(entry.slice(bearerPrefix.length)) ?? ''}`.trimEnd()
}

/**
 * The headers that a page offers beside its sub-protocols, with names in lower case. Names that pages cannot set over HTTP are
 * left out.
 *
 * @throws INVALID_INPUT for an entry that is no header
 */
export function offeredHeaders(message: IncomingMessage): Readonly<Record<string, string>> {
  const headers: [string, string][] = []
  for (const entry of offersOf(message)) {
    if (!entry.startsWith(headerPrefix)) continue
    const [, name, value] = form.exec(decoded(entry.slice(headerPrefix.length)) ?? '') ?? []
    if (name === undefined || value === undefined) {
      const what = `The sub-protocol ${headerPrefix}… must have a percent-encoded header, 'name: value', not '${entry.slice(0, 200)}'.`
      throw new MillraceError('INVALID_INPUT', what, { notRun: true })
    }
    const known = name.toLowerCase()
    if (!notForPages.test(known)) headers.push([known, value.trim()])
  }
  return Object.fromEntries(headers)
}

/**
 * Behind a trusted proxy, which may remove or set headers, a page offers none that others than the gateway read: the proxy would not
 * see them. @throws INVALID_INPUT
 */
export function requireNoneForOthers(offered: Readonly<Record<string, string>>): void {
  const other = Object.keys(offered).find((name) => !own.has(name))
  if (other === undefined) return
  const what = `A Flow with trustProxy takes no headers as sub-protocols, because its proxy does not see them: '${other}' was offered. Call it over HTTP.`
  throw new MillraceError('INVALID_INPUT', what, { notRun: true })
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
