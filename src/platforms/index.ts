import { MillraceError } from '../errors.js'
import { resolveOptions } from '../plan/option.js'
import type { FlowPlan } from '../plan/flow-plan.js'
import type { FlowStatus } from '../control/status.js'
import type { DockerAttachOptions, DockerStartOptions } from './docker/options.js'
import type { KubernetesAttachOptions, KubernetesStartOptions } from './kubernetes/options.js'
import type { DistantFlow, Place, PlaceTools } from './platform.js'

/** Where a Flow can run but on this machine's processes: each is loaded when it is asked for, with what it needs. */
const places = {
  docker: async () => (await import('./docker/platform.js')).docker,
  kubernetes: async () => (await import('./kubernetes/platform.js')).kubernetes,
} as const

export type PlaceName = keyof typeof places

export const placeNames: readonly PlaceName[] = Object.keys(places) as PlaceName[]

/** What `flow.start()` takes: nothing, for processes of this machine, or where else the Flow is to run. */
export type StartOptions =
  | { readonly on?: 'localhost' }
  | ({ readonly on: 'docker' } & Partial<DockerStartOptions>)
  | ({ readonly on: 'kubernetes' } & Partial<KubernetesStartOptions>)

/** What `Flow.attach()` takes. */
export type AttachOptions =
  | ({ readonly on: 'docker' } & Partial<DockerAttachOptions>)
  | ({ readonly on: 'kubernetes' } & Partial<KubernetesAttachOptions>)

/** @throws UNKNOWN_OPTION, INVALID_OPTION, and what the place throws */
export async function startThere(
  plan: FlowPlan,
  { on, ...options }: StartOptions & { readonly on: PlaceName },
  tools: PlaceTools,
): Promise<DistantFlow> {
  const place = await placeNamed(on)
  return place.start(plan, resolveOptions(place.startOptions, options, `start({ on: '${on}' })`), tools)
}

/** @throws UNKNOWN_OPTION, INVALID_OPTION, NOT_FOUND */
export async function attachThere(
  { on, ...options }: AttachOptions,
  tools: PlaceTools,
): Promise<DistantFlow> {
  const place = await placeNamed(on)
  return place.attach(resolveOptions(place.attachOptions, options, `attach({ on: '${on}' })`), tools)
}

/** @throws UNKNOWN_OPTION, INVALID_OPTION */
export async function listThere({ on, ...options }: AttachOptions): Promise<readonly FlowStatus[]> {
  const place = await placeNamed(on)
  return place.list(resolveOptions(place.attachOptions, options, `list({ on: '${on}' })`))
}

/** @throws INVALID_OPTION */
async function placeNamed(on: string): Promise<Place<object, object>> {
  if (Object.hasOwn(places, on)) {
    // which options are whose is said by the types of the doors above
    return await places[on as PlaceName]()
  }
  const names = Object.keys(places).map((name) => `'${name}'`)
  throw new MillraceError(
    'INVALID_OPTION',
    `on must be 'localhost', ${names.join(' or ')}, not ${JSON.stringify(on)}.`,
  )
}
