import { clientArguments } from './client-arguments.js'
import { UsageError } from './usage-error.js'

/** Options of commands that call an endpoint of a Flow: which Flow, and with which documents and parameters. */
export const callArguments = {
  ...clientArguments,
  host: { type: 'string' },
  flow: { type: 'string' },
  data: { type: 'string' },
  file: { type: 'string', multiple: true },
  parameters: { type: 'string' },
} as const

/** The endpoint, and the texts behind it. @throws UsageError, also for `--host` with `--flow` */
export function calledEndpoint(
  [endpoint, ...texts]: readonly string[],
  { host, flow }: { readonly host?: string | undefined; readonly flow?: string | undefined },
): { readonly endpoint: string; readonly texts: readonly string[] } {
  if (endpoint === undefined) throw new UsageError('ENDPOINT is missing.')
  if (host !== undefined && flow !== undefined) throw new UsageError('Say --host or --flow, not both.')
  return { endpoint, texts }
}
