import type { LoadOptions } from '../config/load-flow.js'
import type { Flow } from '../flow/flow.js'
import type { PlatformName, StartWhere } from '../platforms/index.js'
import { parseArguments, positional } from './arguments.js'
import type { Command } from './command.js'
import { platformOf } from './elsewhere.js'
import { flowArguments, loadOptions } from './flow-arguments.js'
import { loadFlow } from './load-flow.js'
import { given, numberOption, objectOption } from './option-values.js'
import { untilInterrupted } from './until-interrupted.js'
import { UsageError } from './usage-error.js'

const thereArguments = {
  on: { type: 'string' },
  image: { type: 'string' },
  'gateway-image': { type: 'string' },
  'gateway-resources': { type: 'string' },
  project: { type: 'string' },
  namespace: { type: 'string' },
  'kube-context': { type: 'string' },
  kubeconfig: { type: 'string' },
  'gateway-replicas': { type: 'string' },
  storage: { type: 'string' },
  'storage-class': { type: 'string' },
  'shared-storage-class': { type: 'string' },
} as const

const flowOptions = { ...thereArguments, ...flowArguments } as const

export const flow: Command = {
  summary: 'Runs the Flow of a YAML file or a module',
  options: flowOptions,
  help: `Usage: millrace flow FILE [--port N]… [--host HOST] [--name NAME]
                     [--workspace FOLDER] [--context NAME=VALUE]… [--quiet]
       millrace flow FILE --on kubernetes|docker --image IMAGE [--project DIR]
                     [--gateway-image IMAGE] [--gateway-resources JSON]
                     [--namespace NAME]
                     [--kube-context NAME] [--kubeconfig FILE]
                     [--gateway-replicas N] [--storage SIZE]
                     [--storage-class NAME] [--shared-storage-class NAME]

Starts the Flow (or the Deployment) of a YAML file, or the Flow that a module
(JavaScript or TypeScript) exports or starts, and prints its address. It runs
until SIGINT or SIGTERM: then it refuses new requests, finishes those in
flight, and exits with 0. Relative paths in the file start at the working
directory, then at the folder of the file.

With --on the Flow starts in containers: the command returns when it is ready,
and the Flow keeps running. Options are those of 'millrace export kubernetes'.

  --port, --host, --name, --workspace, --quiet
             override what the file says; port 0 lets the system choose; one
             port for each protocol, or one for all
  --context  a value of \${{ CONTEXT.NAME }} and \${{ NAME }} in the YAML file

Example: millrace flow flow.yml --port 8080 --context replicas=3`,
  async run(args, terminal) {
    const { file, options, there } = parseFlow(args)
    const load = (): Promise<Flow<string>> => loadFlow(file, options)
    if (there === null) return untilInterrupted(load)
    await using started = await (await load()).start(there)
    terminal.out(`${await whereItIs(started)}\n`)
  },
}

async function whereItIs(started: Flow<string>): Promise<string> {
  const { name, on, namespace } = await started.status()
  const option = namespace === undefined ? '' : ` --namespace ${namespace}`
  return `The Flow ${name} is ready on ${on}. See how it stands: millrace ps --on ${on}${option}`
}

/** The file, the overrides from the command line, and the platform if it is not this machine. */
interface FlowCommand {
  readonly file: string
  readonly options: LoadOptions
  readonly there: Extract<StartWhere, { readonly on: PlatformName }> | null
}

/** @throws UsageError */
export function parseFlow(args: readonly string[]): FlowCommand {
  const { values: all, positionals } = parseArguments(args, flowOptions)
  const [file] = positional(positionals, 'FILE')
  const { values, there } = parseThere(all)
  return { file, options: loadOptions(values), there }
}

type Given = Partial<Record<keyof typeof thereArguments, string>>

/** Separates the options of the platform from those of the Flow. @throws UsageError */
function parseThere<V extends Given>(
  all: V,
): { readonly values: Omit<V, keyof Given>; readonly there: FlowCommand['there'] } {
  const isThere = (name: string): boolean => Object.hasOwn(thereArguments, name)
  const entries = Object.entries(all).filter(([, value]) => value !== undefined)
  const values = Object.fromEntries(entries.filter(([name]) => !isThere(name))) as Omit<V, keyof Given>
  const { on, ...others } = Object.fromEntries(entries.filter(([name]) => isThere(name))) as Given
  if (on === undefined || on === 'localhost') {
    const [name] = Object.keys(others)
    if (name === undefined) return { values, there: null }
    throw new UsageError(`--${name} is for Flows in containers. Say --on kubernetes or --on docker with it.`)
  }
  const options = given({
    image: others.image,
    gatewayImage: others['gateway-image'],
    gatewayResources: objectOption(others, 'gateway-resources'),
    project: others.project,
    namespace: others.namespace,
    context: others['kube-context'],
    kubeconfig: others.kubeconfig,
    gatewayReplicas: numberOption(others, 'gateway-replicas'),
    storage: others.storage,
    storageClass: others['storage-class'],
    sharedStorageClass: others['shared-storage-class'],
  })
  // the platform refuses options that it does not support
  return { values, there: { on: platformOf(on), ...options } }
}
