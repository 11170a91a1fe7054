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

const kubernetesOptions = {
  ...containers,
  namespace: { type: 'string' },
  // Jina's spelling
  'k8s-namespace': { type: 'string' },
  'gateway-replicas': { type: 'string' },
  storage: { type: 'string' },
  'storage-class': { type: 'string' },
  'shared-storage-class': { type: 'string' },
  'service-monitor': { type: 'boolean' },
} as const

const composeOptions = {
  ...containers,
  port: { type: 'string' },
  network: { type: 'string' },
  // Jina's spelling
  network_name: { type: 'string' },
} as const

const dockerfileOptions = { node: { type: 'string' } } as const

const flowchartOptions = { 'vertical-layout': { type: 'boolean' } } as const

const options = {
  ...kubernetesOptions,
  ...composeOptions,
  ...dockerfileOptions,
  ...flowchartOptions,
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
  summary: 'Writes a Flow for Kubernetes, for Docker Compose, or as a picture',
  options,
  kinds: [...kinds.keys()],
  help: `Usage: millrace export kubernetes IN OUTDIR [--namespace NAME] [--image IMAGE]
         [--gateway-image IMAGE] [--gateway-replicas N] [--storage SIZE]
         [--storage-class NAME] [--shared-storage-class NAME] [--project DIR]
         [--gateway-resources JSON] [--service-monitor]
       millrace export docker-compose IN OUT [--image IMAGE] [--port N]
         [--gateway-image IMAGE] [--gateway-resources JSON] [--network NAME]
         [--project DIR]
       millrace export dockerfile DIR [IN] [--node IMAGE]
       millrace export flowchart IN OUT [--vertical-layout]
       millrace export schema [OUT]

IN is a Flow's YAML file, or a module that exports or starts a Flow, which is
not started. DIR is the folder of a project. Existing files are overwritten. A
flowchart is a picture if OUT ends with .svg, else in Mermaid's language. The
schema is that of YAML files, with which editors complete keys.

  --image    of stages that run a class of the project, and of the gateway;
             built from what 'millrace export dockerfile' writes
  --gateway-resources
             {"limits":{"cpu":"500m","memory":"256Mi"}}
  --project  the folder the image was built from; default: the working directory
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
  const { values, positionals } = parseArguments(args, kubernetesOptions)
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
      serviceMonitor: values['service-monitor'],
    }),
  })
}

async function dockerCompose(args: readonly string[]): Promise<readonly string[]> {
  const { values, positionals } = parseArguments(args, composeOptions)
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
  const { values, positionals } = parseArguments(args, dockerfileOptions)
  const chosen = given({ node: values.node })
  if (positionals.length > 1) {
    const [folder, input] = positional(positionals, 'DIR', 'IN')
    return (await loadFlow(input)).toDockerfile(folder, chosen)
  }
  const [folder] = positional(positionals, 'DIR')
  const files = await renderExport('dockerfile', loadProject(folder), chosen)
  return writeFiles(folder, files)
}

async function flowchart(args: readonly string[]): Promise<readonly string[]> {
  const { values, positionals } = parseArguments(args, flowchartOptions)
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
