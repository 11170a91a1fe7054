import { systemClock } from '../../lib/clock.js'
import { parseArguments } from '../arguments.js'
import { callArguments, calledEndpoint } from '../call-arguments.js'
import { readInputs } from '../call-inputs.js'
import { credentialsOf } from '../client-arguments.js'
import type { Command } from '../command.js'
import { gatewayAddress } from '../gateway-address.js'
import { given, numberOption, objectOption } from '../option-values.js'
import { UsageError } from '../usage-error.js'
import type { Pace } from './load.js'

/** More cannot be meant, and would exhaust this machine. */
const mostConcurrency = 10_000
const mostRate = 1_000_000
const mostConnections = 1000
/** What an open loop holds at most for a server that does not answer. */
const mostInFlight = 10_000

const options = {
  ...callArguments,
  concurrency: { type: 'string' },
  rate: { type: 'string' },
  duration: { type: 'string' },
  requests: { type: 'string' },
  connections: { type: 'string' },
  timeout: { type: 'string' },
  json: { type: 'boolean' },
} as const

export const bench: Command = {
  summary: 'Measures how fast an endpoint answers',
  options,
  help: `Usage: millrace bench ENDPOINT [TEXT …] [--host HOST | --flow NAME|PID|SOCKET]
                      [--concurrency N | --rate N] [--duration S] [--requests N]
                      [--connections N] [--timeout MS] [--json] …

Sends the same documents again and again, in one request each time, and prints
how many were answered and the percentiles of their latencies. Documents are
given as for 'millrace call': TEXT, --data, --file, --parameters; so are --host,
--flow, --token-env, --ca, --cert, --key and --server-name. The first request of
each connection is not measured. Ends with 1 when a request failed.

  --concurrency  closed loop: so many at once, 10; the next when one is answered
  --rate         open loop: so many a second, also when the server is slower;
                 latencies count from when a request was to be sent
  --duration     seconds, 10
  --requests     at most so many; without --duration, exactly so many
  --connections  1
  --timeout      milliseconds for one request, 30000
  --json         the report as JSON

Example: millrace bench /search water --rate 200 --duration 30`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, options)
    const { endpoint, texts } = calledEndpoint(positionals, values)
    const { data, file: files = [], host, flow } = values
    const pace = paceOf(values)
    const requests = within(values, 'requests', Number.MAX_SAFE_INTEGER)
    const seconds = within(values, 'duration', 86_400) ?? (requests === undefined ? 10 : 86_400)
    const connections = within(values, 'connections', mostConnections) ?? 1
    const timeoutMs = within(values, 'timeout', 86_400_000) ?? 30_000
    const parameters = objectOption(values, 'parameters')
    const { token, tls } = credentialsOf(values)
    const documents = await readInputs({ texts, data, files })
    const address = host ?? (await gatewayAddress(flow))
    const credentials = given({ token, tls: Object.keys(tls).length > 0 ? tls : undefined })
    // imported on demand: other commands do not need them
    const [{ Client }, { runLoad }, { renderReport, reportOf }] = await Promise.all([
      import('../../client/client.js'),
      import('./load.js'),
      import('./report.js'),
    ])
    const clients = Array.from({ length: connections }, () => new Client({ host: address, ...credentials }))
    const ending = new AbortController()
    // the report comes also after Ctrl-C
    process.once('SIGINT', () => ending.abort())
    // neither an idle connection nor the timers of a Clock keep the process alive between two requests
    const awake = setInterval(() => {}, 60_000)
    try {
      const send = (index: number): Promise<unknown> =>
        clients[index % connections]!.post(endpoint, documents, {
          ...given({ parameters }),
          timeoutMs,
          // all in one request
          requestSize: 0,
        })
      await Promise.all(clients.map((_, index) => send(index)))
      const measured = await runLoad(pace, {
        send,
        durationMs: seconds * 1000,
        requests: requests ?? Number.MAX_SAFE_INTEGER,
        clock: systemClock,
        signal: ending.signal,
      })
      const about = { endpoint, host: address, pace, documentsPerRequest: documents.length }
      const report = reportOf(about, measured)
      terminal.out(`${values.json ? JSON.stringify(report, null, 2) : renderReport(report)}\n`)
      return report.failed > 0 ? 1 : 0
    } finally {
      clearInterval(awake)
      await Promise.all(clients.map((client) => client.close()))
    }
  },
}

type Values = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** @throws UsageError */
function paceOf(values: Values): Pace {
  const rate = within(values, 'rate', mostRate)
  const concurrency = within(values, 'concurrency', mostConcurrency)
  if (rate === undefined) return { kind: 'closed', concurrency: concurrency ?? 10 }
  if (concurrency === undefined) return { kind: 'open', rate, mostInFlight }
  throw new UsageError('Say --concurrency or --rate, not both.')
}

/** A whole number from 1 on; undefined when it was not given. @throws UsageError */
function within(values: Values, name: string, most: number): number | undefined {
  const value = numberOption(values, name)
  if (value === undefined || (value >= 1 && value <= most)) return value
  throw new UsageError(`--${name} must be from 1 to ${most}, not ${value}.`)
}
