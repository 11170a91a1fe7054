import { levels, type LogLevel, type LogRules } from '../observe/log-rules.js'
import type { Option } from './option.js'
import { group, inAnyCase, oneOf, optional } from './option-kinds.js'

const paths: Option<readonly string[]> = {
  expected: "a list of names of fields, such as 'card' or 'user.email', or '*' for any one name in a path",
  preset: [],
  parse: (value) =>
    Array.isArray(value) && value.every((path) => typeof path === 'string' && /^[^.]+(\.[^.]+)*$/.test(path))
      ? value
      : undefined,
}

/** `log` of a Flow. */
export const logOption: Option<LogRules> = group<LogRules>(
  {
    level: optional(inAnyCase(oneOf<LogLevel | 'silent'>([...levels, 'silent'], 'info'))),
    format: optional(inAnyCase(oneOf(['text', 'json'], 'text'))),
    redact: paths,
  },
  "{ level: 'debug'|'info'|'warn'|'error'|'silent', format: 'text'|'json', redact: [names of fields] }",
)
