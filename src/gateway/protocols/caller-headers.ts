import { recipientHeader } from '../../wire/identity.js'

const none: Readonly<Record<string, string>> = Object.freeze({})

/** Headers that belong to the connection or to gRPC, not to the caller. */
const own: ReadonlySet<string> = new Set([
  ':method',
  ':path',
  ':scheme',
  ':authority',
  'content-type',
  'te',
  'user-agent',
  'accept-encoding',
  'host',
  'content-length',
  recipientHeader,
])

/** The text metadata of a caller as plain headers; binary values (`-bin`) are left out. */
export function callerHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Readonly<Record<string, string>> {
  let kept: Record<string, string> | undefined
  for (const name in headers) {
    if (own.has(name) || name.startsWith('grpc-') || name.endsWith('-bin')) continue
    const value = headers[name]
    if (typeof value !== 'string') continue
    kept ??= {}
    kept[name] = value
  }
  return kept ?? none
}
