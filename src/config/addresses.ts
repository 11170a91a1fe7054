import { isIPv6 } from 'node:net'
import { withoutBrackets } from '../lib/authority.js'
import { show } from '../lib/show.js'
import { badYaml, type Position } from '../yaml/position.js'

const form = /^(?:(grpcs?):\/\/)?(\[[^\]]+\]|[^:/\s]+)(?::(\d{1,5}))?\/?$/

export interface Addresses {
  readonly hosts: readonly string[]
  /** Empty when no host has a port. */
  readonly ports: readonly number[]
  readonly tls: boolean
}

/** Parses Jina's forms of `host`: `a`, `a:1,b:2`, `grpcs://a:1`, and lists of these (jina.md 1.2). @throws BAD_YAML */
export function parseAddresses(value: unknown, position: Position): Addresses {
  const written = (Array.isArray(value) ? value : [value]).flatMap((one: unknown) =>
    (typeof one === 'string' ? one : show(one)).split(','),
  )
  const parts = written.map((one) => {
    const match = form.exec(isIPv6(one.trim()) ? `[${one.trim()}]` : one.trim())
    if (match !== null) return match
    throw badYaml(
      position,
      `host must be an address such as a.example, a.example:8080 or grpcs://a.example:443, not ${JSON.stringify(one)}.`,
    )
  })
  const ports = parts.flatMap(([, , , port]) => (port === undefined ? [] : [Number(port)]))
  if (ports.length > 0 && ports.length < parts.length) {
    throw badYaml(position, 'either all hosts must have a port, or none.')
  }
  return {
    hosts: parts.map(([, , host]) => withoutBrackets(host!)),
    ports,
    tls: parts.some(([, scheme]) => scheme === 'grpcs'),
  }
}
