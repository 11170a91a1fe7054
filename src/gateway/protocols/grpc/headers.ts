import type { Metadata } from '@grpc/grpc-js'

const none: Readonly<Record<string, string>> = Object.freeze({})

/** Text metadata of a caller as plain headers; what belongs to the connection, and binary values, stay behind. */
export function headersOf(metadata: Metadata): Readonly<Record<string, string>> {
  const map = metadata.getMap()
  let headers: Record<string, string> | undefined
  for (const name in map) {
    const value = map[name]
    if (typeof value !== 'string' || name === 'user-agent' || name.startsWith('grpc-')) continue
    headers ??= {}
    headers[name] = value
  }
  return headers ?? none
}
