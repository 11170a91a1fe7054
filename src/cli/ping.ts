import { setTimeout } from 'node:timers/promises'
import { MillraceError } from '../errors.js'
import { parseArguments, positional } from './arguments.js'
import { clientArguments, clientHelp, credentialsOf } from './client-arguments.js'
import type { Command } from './command.js'
import type { ClientTls } from '../tls/client-tls.js'
import type { ReadinessOptions } from '../client/readiness.js'
import { given, numberOption } from './option-values.js'
import { UsageError } from './usage-error.js'

const kinds = ['flow', 'executor', 'gateway'] as const

/** Jina's pause between attempts (jina.md 8.1). */
const pauseMs = 1000

const options = {
  timeout: { type: 'string' },
  attempts: { type: 'string' },
  'min-successful-attempts': { type: 'string' },
  ...clientArguments,
} as const

export const ping: Command = {
  summary: 'Asks a server whether it is ready',
  options,
  help: `Usage: millrace ping flow|executor|gateway HOST[:PORT] [--timeout MS]
                     [--attempts N] [--min-successful-attempts N] …

Ends with 0 when the server is ready, else with 1. An executor and a gateway
are asked for their health (grpc.health.v1, or /health/ready for an address
that begins with http://, https://, ws:// or wss://), a flow for a request
through all of its stages.

  --timeout   milliseconds for one attempt, 3000
  --attempts  1; there is a second between two of them
  --min-successful-attempts
              of all attempts, 1
${clientHelp}

Example: millrace ping executor 127.0.0.1:8080`,
  async run(args, terminal) {
    const { kind, host, attempts, wanted, timeoutMs, token, tls } = parsePing(args)
    let successes = 0
    let reason = 'there was no attempt'
    for (let attempt = 1; attempt <= attempts && successes < wanted; attempt++) {
      // keeps the process alive, which timers of a Clock do not
      if (attempt > 1) await setTimeout(pauseMs)
      const failure = await whyNotReady(host, {
        isFlow: kind === 'flow',
        timeoutMs,
        tls,
        ...given({ token }),
      })
      if (failure === null) successes++
      else reason = failure
    }
    if (successes < wanted) throw new MillraceError('UNAVAILABLE', `${host} is not ready: ${reason}`)
    terminal.out(`${host} is ready\n`)
  },
}

/** Target and number of attempts. @throws UsageError */
function parsePing(args: readonly string[]): {
  readonly kind: string
  readonly host: string
  readonly attempts: number
  readonly wanted: number
  readonly timeoutMs: number
  readonly token: string | undefined
  readonly tls: ClientTls
} {
  const { values, positionals } = parseArguments(args, options)
  const [kind, host] = positional(positionals, 'flow|executor|gateway', 'HOST')
  if (!kinds.some((known) => known === kind))
    throw new UsageError(`'${kind}' is none of ${kinds.join(', ')}.`)
  const attempts = numberOption(values, 'attempts') ?? 1
  const wanted = numberOption(values, 'min-successful-attempts') ?? 1
  const timeoutMs = numberOption(values, 'timeout') ?? 3000
  return { kind, host, attempts, wanted, timeoutMs, ...credentialsOf(values) }
}

/** The reason why the target is not ready; null when it is. */
async function whyNotReady(host: string, options: ReadinessOptions): Promise<string | null> {
  const { askReadiness } = await import('../client/readiness.js')
  try {
    await askReadiness(host, options)
    return null
  } catch (error) {
    if (MillraceError.from(error).code === 'INVALID_OPTION') throw error
    return MillraceError.from(error).message
  }
}
