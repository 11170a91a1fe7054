import type { Option } from './option.js'
import { group, orTrue, share } from './option-kinds.js'

/** Which requests are logged, and which of their headers. Failed requests are always logged. */
export interface AccessLog {
  /** Share of the successful requests that are logged, from 0 to 1. Default 1. */
  readonly sample: number
  /** Names of headers that are logged; values of credentials never are. Default `[]`. */
  readonly headers: readonly string[]
}

const headerNames: Option<readonly string[]> = {
  expected: 'a list of names of headers',
  preset: [],
  parse: (value) =>
    Array.isArray(value) && value.every((name) => typeof name === 'string') ? value : undefined,
}

/** `accessLog` of a Flow. */
export const accessLogOption: Option<AccessLog | null> = orTrue(
  group<AccessLog>({ sample: share(1), headers: headerNames }, '{ sample, headers }'),
)
