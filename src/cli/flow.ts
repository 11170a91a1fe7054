import type { LoadOptions } from '../config/load-flow.js'
import { parseArguments, positional } from './arguments.js'
import type { Command } from './command.js'
import { untilInterrupted } from './until-interrupted.js'
import { UsageError } from './usage-error.js'

export const flow: Command = {
  summary: 'Runs the Flow of a YAML file',
  help: `Usage: millrace flow FILE [--port N] [--host HOST] [--name NAME]
                     [--workspace FOLDER] [--context NAME=VALUE]… [--quiet]

Starts the Flow (or the Deployment) of a YAML file and shows where it is
reached, until SIGINT or SIGTERM: then it refuses new requests, finishes those
under way, and ends with 0. Relative paths in the file start at the working
directory, then at the folder of the file.

  --port, --host, --name, --workspace, --quiet
             win over what the file says; port 0 lets the system choose
  --context  a value of \${{ CONTEXT.NAME }} and \${{ NAME }} in the file

Example: millrace flow flow.yml --port 8080 --context replicas=3`,
  async run(args) {
    const { file, options } = parseFlow(args)
    // other commands do without
    const { Flow } = await import('../flow/flow.js')
    await untilInterrupted(await Flow.loadConfig(file, options))
  },
}

/** The file, and what a command line says over it. @throws UsageError */
export function parseFlow(args: readonly string[]): { readonly file: string; readonly options: LoadOptions } {
  const { values, positionals } = parseArguments(args, {
    port: { type: 'string' },
    host: { type: 'string' },
    name: { type: 'string' },
    workspace: { type: 'string' },
    quiet: { type: 'boolean' },
    context: { type: 'string', multiple: true },
  })
  const [file] = positional(positionals, 'FILE')
  const { context = [], ...usesWith } = values
  if (values.port !== undefined && !/^\d+$/.test(values.port)) {
    throw new UsageError(`--port must be a whole number, not '${values.port}'.`)
  }
  return { file, options: { context: contextOf(context), usesWith } }
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
