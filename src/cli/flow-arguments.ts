import type { LoadOptions } from '../config/load-flow.js'
import { UsageError } from './usage-error.js'

/** Options that override what the file of a Flow says. */
export const flowArguments = {
  port: { type: 'string', multiple: true },
  host: { type: 'string' },
  name: { type: 'string' },
  workspace: { type: 'string' },
  quiet: { type: 'boolean' },
  context: { type: 'string', multiple: true },
} as const

interface Values {
  readonly port?: readonly string[] | undefined
  readonly context?: readonly string[] | undefined
  readonly [name: string]: unknown
}

/** How to load the Flow with the overrides. @throws UsageError */
export function loadOptions({ context = [], ...usesWith }: Values): LoadOptions {
  const wrong = usesWith.port?.find((port) => !/^\d+$/.test(port))
  if (wrong !== undefined) throw new UsageError(`--port must be a whole number, not '${wrong}'.`)
  return { context: contextOf(context), usesWith }
}

/** @throws UsageError */
function contextOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((one) => {
      const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(one) ?? []
      if (name !== undefined && value !== undefined) return [name, value]
      throw new UsageError(`--context must be NAME=VALUE, not '${one}'.`)
    }),
  )
}
