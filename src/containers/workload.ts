import { MillraceError } from '../errors.js'
import { parseVolume, type Resources, type Volume } from '../plan/container.js'
import type { FlowPlan, StagePlan } from '../plan/flow-plan.js'
import { containerPaths } from './container-paths.js'
import { type ExecutorConfig, executorConfig } from './executor-config.js'
import { checkDistinct, checkDnsName, dnsName } from './names.js'
import { sharesWorkspace } from './shared-workspace.js'

/** The containers of one shard of a stage, one for each replica. */
export interface Workload {
  /** Network name: `indexer`, `indexer-1`. */
  readonly name: string
  readonly stage: StagePlan
  readonly shardId: number
  readonly image: string
  readonly config: ExecutorConfig
  readonly env: Readonly<Record<string, string>>
  readonly volumes: readonly Volume[]
  /**
   * Where the workspace is: `/workspace`, kept across containers (`kept`) or lost with the container (`passing`), or one of
   * the volumes (`volume`).
   */
  readonly workspace: 'kept' | 'passing' | 'volume'
  /** True when all replicas must use the same workspace. */
  readonly sharesWorkspace: boolean
}

export interface WorkloadOptions {
  /** Image of the gateway and of stages without their own; see `export dockerfile`. Default null. */
  readonly image: string | null
  /** Image of the gateway. Default null: `image`. */
  readonly gatewayImage: string | null
  /** CPU and memory of a container of the gateway. Default `{}`: no requests and no limits. */
  readonly gatewayResources: Resources
  /** Folder from which the image was built; must contain the modules of Executors. Default `'.'`. */
  readonly project: string
}

/** One workload for each shard of each stage that is not external. @throws INVALID_NAME, UNSUPPORTED, INVALID_OPTION */
export function workloads(plan: FlowPlan, options: WorkloadOptions): readonly Workload[] {
  const own = plan.stages.filter(isOwn).flatMap((stage) => {
    return shardIds(stage).map((shardId) => workload(plan, { stage, shardId }, options))
  })
  for (const { name, stage, env } of own) {
    for (const label of [dnsName(stage.name), name]) checkDnsName(label, stage.name)
    checkVariables(Object.keys(env), stage.name)
  }
  checkDistinct([
    { name: 'gateway', stage: 'gateway' },
    ...own.map(({ name, stage }) => ({ name, stage: stage.name })),
  ])
  return own
}

/** True when `/workspace` must be a volume on a single machine: when it is kept, or shared by the replicas. */
export function isKeptHere({ workspace, sharesWorkspace }: Workload): boolean {
  return workspace === 'kept' || (workspace === 'passing' && sharesWorkspace)
}

/** True when containers of the export run the stage. */
export function isOwn(stage: StagePlan): boolean {
  return stage.source.kind !== 'pass-through'
}

/** The shards this Flow runs: all of a stage, or the one given by `part`. */
export function shardIds({ shards, part }: StagePlan): readonly number[] {
  return part === null ? Array.from({ length: shards }, (_, shardId) => shardId) : [part.shardId]
}

export function workloadName({ name, shards, part }: StagePlan, shardId: number): string {
  return (part?.shards ?? shards) === 1 ? dnsName(name) : dnsName(`${name}-${shardId}`)
}

/** @throws INVALID_OPTION */
export function gatewayImage({ image, gatewayImage: own }: WorkloadOptions): string {
  const chosen = own ?? image
  if (chosen !== null) return chosen
  throw new MillraceError(
    'INVALID_OPTION',
    "The gateway needs an image with Millrace. Build one with 'millrace export dockerfile', and set image (--image) for gateway and stages, or gatewayImage (--gateway-image).",
  )
}

function workload(
  plan: FlowPlan,
  { stage, shardId }: { readonly stage: StagePlan; readonly shardId: number },
  options: WorkloadOptions,
): Workload {
  const volumes = volumesOf(stage)
  const isOnVolume = (folder: string): boolean =>
    volumes.some(({ target }) => `${folder}/`.startsWith(`${target}/`))
  const asked = stage.workspace ?? plan.settings.workspace
  const workspace = asked !== null && isOnVolume(asked) ? asked : containerPaths.workspace
  return {
    name: workloadName(stage, shardId),
    stage,
    shardId,
    image: imageOf(stage, options.image),
    config: executorConfig(plan, stage, { shardId, workspace, project: options.project }),
    env: { ...plan.settings.env, ...stage.env },
    volumes,
    workspace: isOnVolume(workspace) ? 'volume' : asked === null ? 'passing' : 'kept',
    sharesWorkspace: sharesWorkspace(stage),
  }
}

/** @throws INVALID_OPTION for a folder that is already taken */
function volumesOf({ volumes, name }: StagePlan): readonly Volume[] {
  const parsed = volumes.map((written) => parseVolume(written)!)
  const taken = new Set<string>([containerPaths.temporary, containerPaths.config])
  for (const { target } of parsed) {
    if (taken.has(target)) {
      throw new MillraceError(
        'INVALID_OPTION',
        `stage '${name}': volumes has ${target}, which every container already has or which is listed twice. Use another folder.`,
      )
    }
    taken.add(target)
  }
  return parsed
}

/** Containers are stricter than processes about names of variables. */
function checkVariables(names: readonly string[], stage: string): void {
  const wrong = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
  if (wrong === undefined) return
  throw new MillraceError(
    'INVALID_OPTION',
    `stage '${stage}': env has ${JSON.stringify(wrong)}; a variable's name may only have letters, digits and _, and must not start with a digit. Rename it.`,
  )
}

function imageOf({ source, image: own, name }: StagePlan, image: string | null): string {
  const chosen = source.kind === 'image' ? source.image : (own ?? image)
  if (chosen !== null) return chosen
  throw new MillraceError(
    'INVALID_OPTION',
    `stage '${name}' runs a class of this project, and needs an image with it. Build one with 'millrace export dockerfile' and set image (--image), or give the stage its own image.`,
  )
}
