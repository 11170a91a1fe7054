import { writeFile } from 'node:fs/promises'
import { MillraceError } from '../../errors.js'
import { parseHost } from '../../client-core/host.js'
import { withToken } from '../../client-core/token.js'
import { parseArguments, positional } from '../arguments.js'
import { clientArguments, clientHelp, credentialsOf } from '../client-arguments.js'
import type { Command } from '../command.js'
import { numberOption } from '../option-values.js'
import { UsageError } from '../usage-error.js'
import { renderTypes } from './render-types.js'

const options = {
  out: { type: 'string' },
  timeout: { type: 'string' },
  ...clientArguments,
} as const

/** Far more than any Flow needs, and what a program takes without harm. */
const maxBytes = 16 * 1024 * 1024

export const types: Command = {
  summary: 'Writes the types of a Flow’s endpoints for its clients',
  options,
  help: `Usage: millrace types http://HOST[:PORT] [--out FILE] [--timeout MS] …

Asks a Flow that speaks HTTP which endpoints it has, and writes their
documents and parameters as a TypeScript module with the interface Endpoints:

  import type { Endpoints } from './endpoints.js'
  const client = new Client<Endpoints>({ host, typed: true })

  --out       the file, such as src/endpoints.ts; default: standard output
  --timeout   milliseconds, 10000
${clientHelp}

Example: millrace types http://127.0.0.1:8080 --out endpoints.ts`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, options)
    const [host] = positional(positionals, 'http://HOST[:PORT]')
    const { protocol, ...address } = parseHost(host)
    if (protocol !== 'http')
      throw new UsageError(`'${host}' is no address of HTTP, such as http://127.0.0.1:8080.`)
    const { token, tls: credentials } = credentialsOf(values)
    const { get } = await import('../../client/http-get.js')
    const { status, text, isWhole } = await get({ ...address, credentials }, '/openapi.json', {
      timeoutMs: numberOption(values, 'timeout') ?? 10_000,
      headers: token === undefined ? {} : withToken({}, token),
      maxBytes,
    })
    if (status !== 200)
      throw new MillraceError('UNAVAILABLE', `${host}/openapi.json answers ${status}${hint(status)}.`)
    if (!isWhole)
      throw new MillraceError('INVALID_INPUT', `${host}/openapi.json has more than ${maxBytes} bytes.`)
    const module = renderTypes(parsed(text, host), host)
    if (values.out === undefined) terminal.out(module)
    else await writeFile(values.out, module)
  },
}

function hint(status: number): string {
  if (status === 401 || status === 403) return ': it wants a token, which --token-env names'
  return status === 404 ? ': is it a Flow of Millrace with the protocol http?' : ''
}

function parsed(text: string, host: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new MillraceError('INVALID_INPUT', `${host}/openapi.json is no JSON.`, { cause })
  }
}
