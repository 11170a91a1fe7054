import { writeFile } from 'node:fs/promises'
import { loadProject, renderExport, writeFiles } from '../export/index.js'
import { nearest } from '../lib/nearest.js'
import { parseArguments, positional } from './arguments.js'
import type { Command } from './command.js'
import { loadFlow } from './load-flow.js'
import { given, numberOption, objectOption } from './option-values.js'
import type { Terminal } from './terminal.js'
import { UsageError } from './usage-error.js'

/** Paths of the written files. */
type Kind = (args: readonly string[], terminal: Terminal) => Promise<readonly string[]>

const containers = {
  image: { type: 'string' },
  'gateway-image': { type: 'string' },
  'gateway-resources': { type: 'string' },
  project: { type: 'string' },
} as const

const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['kubernetes', kubernetes],
  ['docker-compose', dockerCompose],
  ['dockerfile', dockerfile],
  ['flowchart', flowchart],
  ['schema', schema],
])

/** Named so because `export` is a reserved word. */
export const exportCommand: Command = {
  summary: 'Writes a Flow for other tools: Kubernetes, Docker Compose, a picture',
  help: `Usage: millrace export kubernetes IN OUTDIR [--namespace NAME] [--image IMAGE]
                         [--gateway-image IMAGE] [--gateway-replicas N]
                         [--gateway-resources JSON]
                         [--storage SIZE] [--storage-class NAME]
                         [--shared-storage-class NAME] [--project DIR]
       millrace export docker-compose IN OUT [--image IMAGE] [--gateway-image IMAGE]
                         [--gateway-resources JSON]
                         [--port N] [--network NAME] [--project DIR]
       millrace export dockerfile DIR [IN] [--node IMAGE]
       millrace export flowchart IN OUT [--vertical-layout]
       millrace export schema [OUT]

IN is a Flow's YAML file, or a module (JavaScript or TypeScript) that exports or
starts a Flow; the export does not start it. DIR is the folder of a project, with
a package.json; with IN, the folders in which that Flow keeps data stay out of the
image. Existing files are overwritten. The schema is the JSON schema of
YAML files, with which editors complete keys; without OUT it is printed.

  --image    of stages that run a class of the project, and of the gateway; built
             from what 'millrace export dockerfile' writes
  --gateway-resources
             CPU and memory of the gateway's containers, as the option resources
             of a stage: {"limits":{"cpu":"500m","memory":"256Mi"}}
  --project  the folder that the image was built from; default: the working
             directory

Example: millrace export kubernetes flow.js kubernetes --image shop:1.2`,
  async run([kind, ...args], terminal) {
    if (kind === undefined) throw new UsageError(`KIND is missing. Kinds: ${[...kinds.keys()].join(', ')}.`)
    const written = await find(kind)(args, terminal)
    if (written.length > 0) terminal.out(`${written.join('\n')}\n`)
  },
}

/** @throws UsageError */
function find(name: string): Kind {
  const kind = kinds.get(name)
  if (kind !== undefined) return kind
  const known = [...kinds.keys()]
  const hint = nearest(name, known)
  const advice = hint === undefined ? `Kinds: ${known.join(', ')}.` : `Did you mean '${hint}'?`
  throw new UsageError(`There is no export '${name}'. ${advice}`)
}

async function kubernetes(args: readonly string[]): Promise<readonly string[]> {
  const { values, positionals } = parseArguments(args, {
    ...containers,
    namespace: { type: 'string' },
    // Jina's spelling
    'k8s-namespace': { type: 'string' },
    'gateway-replicas': { type: 'string' },
    storage: { type: 'string' },
    'storage-class': { type: 'string' },
    'shared-storage-class': { type: 'string' },
  })
  const [input, folder] = positional(positionals, 'IN', 'OUTDIR')
  const flow = await loadFlow(input)
  return flow.toKubernetes(folder, {
    ...given({
      ...imagesOf(values),
      namespace: values.namespace ?? values['k8s-namespace'],
      gatewayReplicas: numberOption(values, 'gateway-replicas'),
      storage: values.storage,
      storageClass: values['storage-class'],
      sharedStorageClass: values['shared-storage-class'],
    }),
  })
}

async function dockerCompose(args: readonly string[]): Promise<readonly string[]> {
  const { values, positionals } = parseArguments(args, {
    ...containers,
    port: { type: 'string' },
    network: { type: 'string' },
    // Jina's spelling
    network_name: { type: 'string' },
  })
  const [input, file] = positional(positionals, 'IN', 'OUT')
  const flow = await loadFlow(input)
  return flow.toDockerCompose(file, {
    ...given({
      ...imagesOf(values),
      port: numberOption(values, 'port'),
      network: values.network ?? values.network_name,
    }),
  })
}

async function dockerfile(args: readonly string[]): Promise<readonly string[]> {
  const { values, positionals } = parseArguments(args, { node: { type: 'string' } })
  const options = given({ node: values.node })
  if (positionals.length > 1) {
    const [folder, input] = positional(positionals, 'DIR', 'IN')
    return (await loadFlow(input)).toDockerfile(folder, options)
  }
  const [folder] = positional(positionals, 'DIR')
  const files = await renderExport('dockerfile', loadProject(folder), options)
  return writeFiles(folder, files)
}

async function flowchart(args: readonly string[]): Promise<readonly string[]> {
  const { values, positionals } = parseArguments(args, { 'vertical-layout': { type: 'boolean' } })
  const [input, file] = positional(positionals, 'IN', 'OUT')
  const flow = await loadFlow(input)
  return flow.toFlowchart(file, { vertical: values['vertical-layout'] === true })
}

async function schema(args: readonly string[], terminal: Terminal): Promise<readonly string[]> {
  const [file, ...more] = parseArguments(args, {}).positionals
  if (more.length > 0) throw new UsageError(`'${more[0]}' is one argument too many.`)
  // imported on demand: other commands do not need it
  const { flowSchema } = await import('../config/schema.js')
  const text = `${JSON.stringify(flowSchema(), null, 2)}\n`
  if (file !== undefined) {
    await writeFile(file, text)
    return [file]
  }
  terminal.out(text)
  return []
}

function imagesOf(values: {
  readonly image?: string | undefined
  readonly 'gateway-image'?: string | undefined
  readonly 'gateway-resources'?: string | undefined
  readonly project?: string | undefined
}) {
  const { image, project } = values
  const gatewayResources = objectOption(values, 'gateway-resources')
  return { image, gatewayImage: values['gateway-image'], gatewayResources, project }
}
