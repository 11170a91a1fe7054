/** What the rules of HTTP/2 say about a field, by its name (RFC 9113, 8.2 and 8.3). */
export const role = {
  plain: 0,
  method: 1,
  scheme: 2,
  authority: 3,
  path: 4,
  contentLength: 5,
  te: 6,
  cookie: 7,
  status: 8,
  /** An unknown pseudo-header, a field of HTTP/1 connections, or a name or value with forbidden characters. */
  forbidden: 9,
} as const

export type Role = (typeof role)[keyof typeof role]

/** A header field, and what HPACK and the rules of HTTP/2 know about it. Checked once, when it is read. */
export interface Field {
  readonly name: string
  readonly value: string
  readonly role: Role
  /** Its size in a table and in a header list: both lengths and 32 (RFC 7541, 4.1). */
  readonly size: number
}

/** Bytes that a field counts in addition to its name and value. */
const overheadBytes = 32

const roles: ReadonlyMap<string, Role> = new Map<string, Role>([
  [':method', role.method],
  [':scheme', role.scheme],
  [':authority', role.authority],
  [':path', role.path],
  [':status', role.status],
  ['content-length', role.contentLength],
  ['te', role.te],
  ['cookie', role.cookie],
  ['connection', role.forbidden],
  ['keep-alive', role.forbidden],
  ['proxy-connection', role.forbidden],
  ['transfer-encoding', role.forbidden],
  ['upgrade', role.forbidden],
])

/** A token of HTTP without capitals (RFC 9110, 5.1; RFC 9113, 8.2.1). */
const lowerCaseToken = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/

// eslint-disable-next-line no-control-regex
const forbiddenInValue = /[\0\r\n]/

const edges = /^[ \t]+|[ \t]+$/g

/**
 * HTTP/2 forbids spaces at the ends of a value (RFC 9113, 8.2.1), and gRPC lets a server remove them ("ASCII-Value"), which is
 * kinder to clients that send them.
 */
export function createField(name: string, value: string): Field {
  return {
    name,
    value: hasEdges(value) ? value.replace(edges, '') : value,
    role: roleOf(name, value),
    size: name.length + value.length + overheadBytes,
  }
}

function hasEdges(value: string): boolean {
  return isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1))
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9
}

function roleOf(name: string, value: string): Role {
  if (forbiddenInValue.test(value)) return role.forbidden
  const known = roles.get(name)
  if (known === role.te) return value.toLowerCase() === 'trailers' ? role.te : role.forbidden
  if (known !== undefined) return known
  return lowerCaseToken.test(name) ? role.plain : role.forbidden
}
