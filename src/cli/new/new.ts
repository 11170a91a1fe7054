import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { MillraceError } from '../../errors.js'
import { nearest } from '../../lib/nearest.js'
import { parseArguments, positional } from '../arguments.js'
import type { Command } from '../command.js'
import { UsageError } from '../usage-error.js'
import { type Template, templates } from './templates.js'

const options = { template: { type: 'string' }, install: { type: 'boolean' } } as const

const [preset] = templates.keys()

/** Named so because `new` is a reserved word. */
export const newCommand: Command = {
  summary: 'Writes a new project: a Flow, its Executors, a test, a Dockerfile',
  options,
  help: `Usage: millrace new NAME [--template ${[...templates.keys()].join('|')}] [--install]

Writes a TypeScript project into the new folder NAME: a Flow (flow.yml), its
Executors, a test with Vitest, a Dockerfile, and a README with its commands. The
packages have the versions that this version of Millrace is tested with.

  --template ${[...templates].map(([name, { summary }]) => `${name.padEnd(9)}${summary}`).join('\n             ')}
             default: ${preset}
  --install  runs 'npm install' in it

Example: millrace new shop --template search --install`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, options)
    const [folder] = positional(positionals, 'NAME')
    const { template: kind = preset!, install = false } = values
    const template = find(kind)
    const name = nameOf(folder)
    await requireEmpty(folder)
    // imported on demand: other commands do not need it
    const [{ renderProject }, { writeFiles }] = await Promise.all([
      import('./render-project.js'),
      import('../../export/index.js'),
    ])
    const written = await writeFiles(folder, await renderProject(name, kind, template))
    terminal.out(`${written.join('\n')}\n`)
    if (install) await installIn(folder)
    terminal.out(nextSteps(folder, template, install))
  },
}

function nextSteps(folder: string, { firstCall }: Template, isInstalled: boolean): string {
  const enter = path.relative('.', folder) === '' ? [] : [`cd ${folder}`]
  const steps = [...enter, ...(isInstalled ? [] : ['npm install']), 'npm run dev']
  return `\nNow:\n\n${steps.map((step) => `  ${step}\n`).join('')}\nand in another terminal:\n\n  ${firstCall}\n`
}

/** @throws UsageError */
function find(kind: string): Template {
  const template = templates.get(kind)
  if (template !== undefined) return template
  const known = [...templates.keys()]
  const hint = nearest(kind, known)
  const advice = hint === undefined ? `Templates: ${known.join(', ')}.` : `Did you mean '${hint}'?`
  throw new UsageError(`There is no template '${kind}'. ${advice}`)
}

/** The name of the project: the last part of its folder. @throws UsageError */
function nameOf(folder: string): string {
  const name = path.basename(path.resolve(folder))
  if (name.length <= 63 && /^[a-z][a-z\d]*(?:-[a-z\d]+)*$/.test(name) && name !== 'millrace') return name
  throw new UsageError(
    `NAME must be lower-case letters, digits and single hyphens, 63 at most, begin with a letter, and not be millrace; not '${name}'.`,
  )
}

/** @throws MillraceError when the folder has files */
async function requireEmpty(folder: string): Promise<void> {
  try {
    const [first] = await readdir(folder)
    if (first === undefined) return
    throw new MillraceError(
      'INVALID_OPTION',
      `${folder} exists and is not empty: it has ${first}. Name a new folder.`,
    )
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return
    if (code === 'ENOTDIR') throw new UsageError(`${folder} is a file. Name a new folder.`)
    throw error
  }
}

/** Rejects when npm fails; its output goes to the terminal. */
async function installIn(cwd: string): Promise<void> {
  const npm = spawn('npm', ['install'], { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = (await once(npm, 'exit')) as [number | null]
  if (code === 0) return
  throw new MillraceError('INTERNAL', `npm install failed in ${cwd}. The files are written.`)
}
