import { writeFile } from 'node:fs/promises'
import { nearest } from '../lib/nearest.js'
import { parseArguments } from './arguments.js'
import type { Command } from './command.js'
import { UsageError } from './usage-error.js'

/** What can be exported, each as a text. */
const exports: Readonly<Record<string, () => Promise<string>>> = {
  async schema() {
    // other commands do without
    const { flowSchema } = await import('../config/schema.js')
    return JSON.stringify(flowSchema(), null, 2)
  },
}

export const exportCommand: Command = {
  summary: 'Writes files for other tools',
  help: `Usage: millrace export schema [FILE]

Writes a JSON schema of YAML files, by which editors complete keys, into FILE,
or shows it.

Example: millrace export schema millrace.schema.json`,
  async run(args, terminal) {
    const { positionals } = parseArguments(args, {})
    const [what, file, ...more] = positionals
    if (what === undefined) throw new UsageError('WHAT is missing.')
    if (more.length > 0) throw new UsageError(`'${more[0]}' is one argument too many.`)
    const text = `${await find(what)()}\n`
    if (file === undefined) terminal.out(text)
    else await writeFile(file, text)
  },
}

function find(what: string): () => Promise<string> {
  const found = Object.hasOwn(exports, what) ? exports[what] : undefined
  if (found !== undefined) return found
  const known = Object.keys(exports)
  const hint = nearest(what, known)
  const advice = hint === undefined ? `There is ${known.join(', ')}.` : `Did you mean '${hint}'?`
  throw new UsageError(`There is nothing to export called '${what}'. ${advice}`)
}
