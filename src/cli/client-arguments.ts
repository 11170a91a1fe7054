import type { ClientTls } from '../tls/client-tls.js'
import { given } from './option-values.js'
import { UsageError } from './usage-error.js'

/** Options of commands that connect to a server: its token and TLS. */
export const clientArguments = {
  'token-env': { type: 'string' },
  ca: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  'server-name': { type: 'string' },
} as const

/** Their part of a help page. */
export const clientHelp = `  --token-env environment variable with the token of a Flow that has auth
  --ca, --cert, --key, --server-name
              TLS: files in PEM, and the name in the server's certificate`

type Values = { readonly [K in keyof typeof clientArguments]?: string | undefined }

/** What a client needs to connect. @throws UsageError */
export function credentialsOf(values: Values): {
  readonly token: string | undefined
  readonly tls: ClientTls
} {
  const { ca, cert, key, 'server-name': serverName } = values
  return { token: tokenIn(values['token-env']), tls: given({ ca, cert, key, serverName }) }
}

/** @throws UsageError */
function tokenIn(variable: string | undefined): string | undefined {
  if (variable === undefined) return undefined
  const token = process.env[variable]
  if (token !== undefined && token !== '') return token
  throw new UsageError(`--token-env: there is no environment variable ${variable}, or it is empty.`)
}
