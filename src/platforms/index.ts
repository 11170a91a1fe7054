import { MillraceError } from '../errors.js'
import { resolveOptions } from '../plan/option.js'
import type { FlowPlan } from '../plan/flow-plan.js'
import type { LogQuestion } from '../control/log-question.js'
import type { FlowStatus } from '../control/status.js'
import type { DockerAttachOptions, DockerStartOptions } from './docker/options.js'
import type { KubernetesAttachOptions, KubernetesStartOptions } from './kubernetes/options.js'
import { logsOf } from './output/logs.js'
import type { ObservedFlow, RemoteFlow, Platform, PlatformTools, StartTools } from './platform.js'

/** Platforms other than local processes; each is loaded on demand, with its dependencies. */
const platforms = {
  docker: async () => (await import('./docker/platform.js')).docker,
  kubernetes: async () => (await import('./kubernetes/platform.js')).kubernetes,
} as const

export type PlatformName = keyof typeof platforms

export const platformNames: readonly PlatformName[] = Object.keys(platforms) as PlatformName[]

/** Where a Flow starts: the platform (default `localhost`) and its own options. */
export type StartWhere =
  | { readonly on?: 'localhost' }
  | ({ readonly on: 'docker' } & Partial<DockerStartOptions>)
  | ({ readonly on: 'kubernetes' } & Partial<KubernetesStartOptions>)

/** Options of `flow.start()`. */
export type StartOptions = StartWhere & {
  /** Cancels the start, which then rejects with CANCELLED. */
  readonly signal?: AbortSignal
}

/** Options of `Flow.attach()`. */
export type AttachOptions =
  | ({ readonly on: 'docker' } & Partial<DockerAttachOptions>)
  | ({ readonly on: 'kubernetes' } & Partial<KubernetesAttachOptions>)

/** @throws UNKNOWN_OPTION, INVALID_OPTION, and what the platform throws */
export async function startOnPlatform(
  plan: FlowPlan,
  { on, ...options }: StartWhere & { readonly on: PlatformName },
  tools: StartTools,
): Promise<RemoteFlow> {
  refuseTokens(plan, on)
  const platform = await platformNamed(on)
  return platform.start(plan, resolveOptions(platform.startOptions, options, `start({ on: '${on}' })`), tools)
}

/** `flow.post` and the readiness of the start would need a token. @throws UNSUPPORTED */
function refuseTokens({ settings: { auth } }: FlowPlan, on: PlatformName): void {
  if (auth === null) return
  const target = on === 'docker' ? 'docker-compose' : on
  throw new MillraceError(
    'UNSUPPORTED',
    `start({ on: '${on}' }) cannot start a Flow with auth: it would have no token for its own requests. Write it as files with 'millrace export ${target}', and apply those; docs/security.md says how the gateway there gets its tokens.`,
  )
}

/** @throws UNKNOWN_OPTION, INVALID_OPTION, NOT_FOUND */
export async function attachOnPlatform(
  { on, ...options }: AttachOptions,
  tools: PlatformTools,
): Promise<RemoteFlow> {
  const platform = await platformNamed(on)
  return platform.attach(resolveOptions(platform.attachOptions, options, `attach({ on: '${on}' })`), tools)
}

/** @throws UNKNOWN_OPTION, INVALID_OPTION */
export async function listOnPlatform({ on, ...options }: AttachOptions): Promise<readonly FlowStatus[]> {
  const platform = await platformNamed(on)
  return platform.list(resolveOptions(platform.attachOptions, options, `list({ on: '${on}' })`))
}

/** Looks at a running Flow again and again. @throws UNKNOWN_OPTION, INVALID_OPTION, NOT_FOUND */
export async function observeOnPlatform({ on, ...options }: AttachOptions): Promise<ObservedFlow> {
  const platform = await platformNamed(on)
  return platform.observe(resolveOptions(platform.attachOptions, options, `observe({ on: '${on}' })`))
}

/**
 * Lines of the containers of a running Flow, as text of whole lines; see `logsOf`.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, NOT_FOUND, FORBIDDEN, UNAVAILABLE
 */
export async function* logsOnPlatform(
  { on, ...options }: AttachOptions,
  question: LogQuestion,
): AsyncGenerator<string, void, undefined> {
  const platform = await platformNamed(on)
  const output = await platform.output(
    resolveOptions(platform.attachOptions, options, `logs({ on: '${on}' })`),
  )
  try {
    yield* logsOf(output, question)
  } finally {
    output.close()
  }
}

/** @throws INVALID_OPTION */
async function platformNamed(on: string): Promise<Platform<object, object>> {
  if (Object.hasOwn(platforms, on)) {
    // the exported functions' types pair each platform with its options
    return await platforms[on as PlatformName]()
  }
  const names = Object.keys(platforms).map((name) => `'${name}'`)
  throw new MillraceError(
    'INVALID_OPTION',
    `on must be 'localhost', ${names.join(' or ')}, not ${JSON.stringify(on)}.`,
  )
}
