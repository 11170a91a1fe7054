import { MillraceError } from '../../errors.js'
import { parseArguments } from '../arguments.js'
import type { Command } from '../command.js'
import { loadFlow } from '../load-flow.js'
import { type Cell, table } from '../table.js'
import { type Colour, oneLine, paint, type Terminal } from '../terminal.js'
import { UsageError } from '../usage-error.js'
import { roomFinding, roomFor, writeFindings } from './disk.js'
import { type Finding, ok, wrong } from './finding.js'
import { machineFindings, thisMachine } from './machine.js'
import { nodeFinding } from './node-check.js'
import { openFilesFinding, openFilesLimit } from './open-files.js'
import { dockerFinding, kubernetesFinding } from './platforms.js'
import { portFindings } from './ports.js'
import { proxiesFinding } from './proxies.js'

const options = { workspace: { type: 'string' }, json: { type: 'boolean' } } as const

const colours: Readonly<Record<Finding['state'], Colour>> = { ok: 'green', note: 'yellow', wrong: 'red' }

export const doctor: Command = {
  summary: 'Looks for what keeps a Flow from running here, and says what to do',
  options,
  help: `Usage: millrace doctor [FILE] [--workspace FOLDER] [--json]

Checks this machine: the version of Node, how many files a process may open,
CPUs and memory (also of a container), proxies that would get local calls, disk
space and clock of the workspace, Docker and Kubernetes. With FILE, a Flow's
YAML file or module, also whether it loads, and whether its ports are free; it
is not started.

Each line says what was found, and the line below it what to do: 'note' for
what works but may surprise, 'wrong' for what must be changed. Ends with 1 when
something is wrong.

  --workspace  where the data of stages will be; default: .millrace
  --json       an array of { check, state, found, advice }

Example: millrace doctor flow.yml`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, options)
    const [file, more] = positionals
    if (more !== undefined) throw new UsageError(`'${more}' is one argument too many.`)
    const { workspace = '.millrace', json = false } = values
    const findings = await examine(file, workspace)
    terminal.out(json ? `${JSON.stringify(findings, null, 2)}\n` : render(findings, terminal))
    return findings.some(({ state }) => state === 'wrong') ? 1 : 0
  },
}

async function examine(file: string | undefined, workspace: string): Promise<readonly Finding[]> {
  const { env } = process
  const asked = await Promise.all([
    openFilesLimit().then(openFilesFinding),
    roomFor(workspace).then(roomFinding),
    writeFindings(workspace),
    dockerFinding(env),
    kubernetesFinding(env),
    file === undefined ? Promise.resolve([]) : flowFindings(file),
  ])
  return [
    nodeFinding(process.version),
    ...machineFindings(thisMachine()),
    proxiesFinding(env),
    ...asked.flat(),
  ]
}

async function flowFindings(file: string): Promise<readonly Finding[]> {
  try {
    const flow = await loadFlow(file)
    return [
      ok('flow', `${file} has ${flow.stages.length} stages`),
      ...(await portFindings(flow.host, flow.ports)),
    ]
  } catch (error) {
    return [wrong('flow', MillraceError.from(error).message, 'Correct it.')]
  }
}

function render(findings: readonly Finding[], { colour }: Terminal): string {
  const rows = findings.flatMap(({ check, state, found, advice }): (readonly (string | Cell)[])[] => [
    [{ text: state, paint: (text) => (colour ? paint(text, colours[state]) : text) }, check, oneLine(found)],
    ...(advice === null ? [] : [['', '', oneLine(advice)]]),
  ])
  return `${table(rows).join('\n')}\n`
}
