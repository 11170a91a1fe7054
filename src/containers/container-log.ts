import { isDeepStrictEqual } from 'node:util'
import type { LogRules } from '../observe/log-rules.js'
import { logOption } from '../plan/log.js'

/** `log` of an Executor's container: what differs from the default; null when nothing does. */
export function containerLog(log: LogRules): Partial<LogRules> | null {
  const changed = Object.entries(log).filter(
    ([name, value]) => !isDeepStrictEqual(value, logOption.preset[name as keyof LogRules]),
  )
  return changed.length === 0 ? null : Object.fromEntries(changed)
}
