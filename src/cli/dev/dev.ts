import { existsSync } from 'node:fs'
import { parseArguments } from '../arguments.js'
import type { Command } from '../command.js'
import { flowArguments, loadOptions } from '../flow-arguments.js'
import { UsageError } from '../usage-error.js'
import { sessionVariable } from './messages.js'

/** Where the Flow is, unless it is named. Modules come first: a YAML file that one loads may need its classes. */
const usualFiles = ['src/flow.ts', 'src/flow.js', 'flow.ts', 'flow.js', 'flow.yml', 'flow.yaml']

export const dev: Command = {
  summary: 'Runs a Flow, and replaces what you change',
  options: flowArguments,
  help: `Usage: millrace dev [FILE] [--port N]… [--host HOST] [--name NAME]
                    [--workspace FOLDER] [--context NAME=VALUE]… [--quiet]

Runs the Flow of a YAML file or a module, as 'millrace flow' does, and watches
the files that it names by relative paths. When the file of an Executor changes,
or one that it imports, only the replicas of its stage are replaced: new ones
start before old ones drain, and requests in flight finish. When the Flow itself
changes, it starts anew on the same port. While a file has an error, the old
code goes on serving.

  FILE       default: ${usualFiles.slice(0, 4).join(', ')},
             ${usualFiles.slice(4).join(' or ')}, whichever there is
  --port, --host, --name, --workspace, --quiet
             override what the file says
  --context  a value of \${{ CONTEXT.NAME }} and \${{ NAME }} in the YAML file

Example: millrace dev src/flow.ts --port 8080`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, flowArguments)
    const [file = usualFile(), more] = positionals
    if (more !== undefined) throw new UsageError(`'${more}' is one argument too many.`)
    const options = loadOptions(values)
    if (process.env[sessionVariable] === undefined) {
      const { supervise } = await import('./supervise.js')
      return supervise(args, terminal)
    }
    // must not reach the processes that the Flow starts
    delete process.env[sessionVariable]
    const { runSession } = await import('./session.js')
    await runSession({ file, options, terminal })
    return 0
  },
}

/** @throws UsageError */
function usualFile(): string {
  const found = usualFiles.find((file) => existsSync(file))
  if (found !== undefined) return found
  throw new UsageError(`FILE is missing, and there is none of ${usualFiles.join(', ')} here.`)
}
