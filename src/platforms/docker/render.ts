import { gpusOf, limitsOf } from '../../docker-engine/limits.js'
import { secretsOf } from '../../docker-engine/secrets.js'
import type { ContainerFile } from '../../docker-engine/tar.js'
import { type Mount, mountOf } from '../../docker-engine/mounts.js'
import { flowIdVariable } from '../../workspace/flow-id.js'
import { checksum } from '../../containers/checksum.js'
import { containerListeners } from '../../containers/container-listeners.js'
import { containerPaths } from '../../containers/container-paths.js'
import { gatewayArgs, gatewayConfig } from '../../containers/gateway-config.js'
import { gatewayImage, isKeptHere, type Workload, workloads } from '../../containers/workload.js'
import { publishedAddress } from '../../containers/published-address.js'
import { yamlText } from '../../containers/yaml-text.js'
import type { FlowPlan } from '../../plan/flow-plan.js'
import { listenersOf } from '../../plan/listeners.js'
import { type CertificateFile, readCertificates } from '../certificates.js'
import { FlowNames } from './names.js'
import type { DockerStartOptions } from './options.js'
import type { Recipe } from './recipe.js'

/** A Flow as recipes for containers. */
export interface Rendered {
  readonly plan: FlowPlan
  readonly names: FlowNames
  readonly gateway: Recipe
  /** The gateway's configuration, as YAML. */
  readonly config: string
  /** The files of `tls`. They are no part of the recipe: no label and no checksum has them. */
  readonly certificates: readonly ContainerFile[]
  readonly workloads: readonly RenderedWorkload[]
}

/** One shard of a stage as a recipe for its containers. */
export interface RenderedWorkload {
  readonly name: string
  readonly stage: string
  readonly shard: number
  readonly replicas: number
  readonly recipe: Recipe
  readonly checksum: string
}

/** Drops all capabilities and bounds the size of logs. */
const hardened = {
  CapDrop: ['ALL'],
  LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
}

/** @throws INVALID_NAME, INVALID_OPTION, UNSUPPORTED */
export async function render(plan: FlowPlan, options: DockerStartOptions): Promise<Rendered> {
  const names = new FlowNames(plan.settings.name)
  const { settings } = plan
  const config = await yamlText(
    gatewayConfig(plan, { project: options.project, host: (workload) => workload }),
  )
  const own = await Promise.all(
    workloads(plan, options).map((workload) => renderWorkload(plan, workload, names)),
  )
  const gateway: Recipe = {
    spec: {
      image: gatewayImage(options),
      entrypoint: ['millrace'],
      command: gatewayArgs(plan, `${containerPaths.config}/flow.yml`),
      publish: containerListeners(settings).map(({ port }, index) => ({
        port,
        at: { host: publishedAddress(settings.host) ?? '', port: listenersOf(settings)[index]!.port },
      })),
      mounts: [{ kind: 'memory', target: containerPaths.temporary }],
      host: { ...hardened, ...limitsOf(options.gatewayResources) },
      network: { name: names.public },
    },
    files: [configFile('flow.yml', config)],
    graceMs: settings.graceMs,
    timeoutReadyMs: settings.timeoutReadyMs,
  }
  const certificates = readCertificates(settings.tls).map(certificateFile)
  return { plan, names, gateway, config, certificates, workloads: own }
}

async function renderWorkload(
  plan: FlowPlan,
  workload: Workload,
  names: FlowNames,
): Promise<RenderedWorkload> {
  const { name, stage, shardId, config } = workload
  const recipe: Recipe = {
    spec: {
      image: workload.image,
      entrypoint: ['millrace'],
      command: config.args,
      env: { [flowIdVariable]: names.flow, ...workload.env, ...secretsOf(stage.name, stage.envFromSecret) },
      mounts: mountsOf(workload, names),
      host: { ...hardened, ...limitsOf(stage.resources), ...gpusOf(stage.gpus) },
      network: { name: names.stages, aliases: [name] },
    },
    files: config.file === null ? [] : [configFile('config.yml', await yamlText(config.file))],
    graceMs: plan.settings.graceMs,
    timeoutReadyMs: stage.timeoutReadyMs ?? plan.settings.timeoutReadyMs,
  }
  // there is no autoscaling on Docker
  const replicas = Math.max(1, stage.replicas)
  return { name, stage: stage.name, shard: shardId, replicas, recipe, checksum: checksum(recipe) }
}

/** A file of `tls` in the gateway's container, where only the gateway runs, as whichever user its image says. */
export function certificateFile({ target, text }: CertificateFile): ContainerFile {
  return { path: target.slice(1), text, mode: 0o444 }
}

/** Path relative to the root folder: writing it before the first start creates missing folders. */
function configFile(name: string, text: string): Recipe['files'][number] {
  return { path: `${containerPaths.config.slice(1)}/${name}`, text }
}

function mountsOf(workload: Workload, names: FlowNames): readonly Mount[] {
  const { name, volumes } = workload
  const mounts = volumes.map((volume, index) => mountOf(volume, { made: names.volume(name, index) }))
  const target = containerPaths.workspace
  return [
    { kind: 'memory', target: containerPaths.temporary },
    ...mounts,
    ...(isKeptHere(workload) ? [{ kind: 'volume' as const, name: names.workspace(name), target }] : []),
  ]
}
