import { writeFile } from 'node:fs/promises'
import { nearest } from '../lib/nearest.js'
import { parseArguments, positional } from './arguments.js'
import type { Command } from './command.js'
import { UsageError } from './usage-error.js'

interface Target {
  /** Positional arguments in front of the file that is written. */
  readonly inputs: readonly string[]
  render(...inputs: readonly string[]): Promise<string>
}

// loaded where they are needed: other commands do without
const targets: Readonly<Record<string, Target>> = {
  schema: {
    inputs: [],
    async render() {
      const { flowSchema } = await import('../config/schema.js')
      return JSON.stringify(flowSchema(), null, 2)
    },
  },
  flowchart: {
    inputs: ['FILE'],
    async render(file) {
      const { loadFlow } = await import('../config/load-flow.js')
      const { flowchart } = await import('../config/flowchart.js')
      return flowchart(await loadFlow(file, {}))
    },
  },
}

export const exportCommand: Command = {
  summary: 'Writes files for other tools',
  help: `Usage: millrace export schema [OUT]
       millrace export flowchart FILE [OUT]

Writes a text into OUT, or shows it.

  schema     a JSON schema of YAML files, by which editors complete keys
  flowchart  the stages of the Flow of a YAML file, in the language of Mermaid

Example: millrace export schema millrace.schema.json`,
  async run(args, terminal) {
    const { positionals } = parseArguments(args, {})
    const [what, ...rest] = positionals
    if (what === undefined) throw new UsageError('WHAT is missing.')
    const { inputs, render } = find(what)
    const given = rest.slice(0, inputs.length)
    positional(given, ...inputs)
    const [out, ...more] = rest.slice(inputs.length)
    if (more.length > 0) throw new UsageError(`'${more[0]}' is one argument too many.`)
    const text = `${await render(...given)}\n`
    if (out === undefined) terminal.out(text)
    else await writeFile(out, text)
  },
}

/** @throws UsageError */
function find(what: string): Target {
  const found = Object.hasOwn(targets, what) ? targets[what] : undefined
  if (found !== undefined) return found
  const known = Object.keys(targets)
  const hint = nearest(what, known)
  const advice = hint === undefined ? `There are ${known.join(' and ')}.` : `Did you mean '${hint}'?`
  throw new UsageError(`There is nothing to export called '${what}'. ${advice}`)
}
