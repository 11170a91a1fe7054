import { parseArgs } from 'node:util'

export const help = `Usage: npm run browser-search -- [options]

Indexes the pages of docs/ in two shards, and serves a web page that searches them while you type.

  --port N   port of the page (default 8090; 0 lets the system choose)
  --help     this text
`

export interface ExampleOptions {
  readonly port: number
  readonly help: boolean
}

/** The command line is invalid; the message says which part. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Throws a UsageError. */
export function parseOptions(args: readonly string[]): ExampleOptions {
  const { port, help } = parse(args)
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(`--port: expected a port from 0 to 65535, came '${port}'`)
  }
  return { port: Number(port), help }
}

// oxlint-disable-next-line typescript/explicit-function-return-type -- derived from the table of options
function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '8090' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}
