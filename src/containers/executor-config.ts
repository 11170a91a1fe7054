import { pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { MillraceError } from '../errors.js'
import type { FlowPlan, StagePlan } from '../plan/flow-plan.js'
import { flowOptions } from '../plan/flow-settings.js'
import { type PythonSource, pythonScheme } from '../plan/python.js'
import { stageOptions } from '../plan/stage-settings.js'
import { executorTracing } from './container-tracing.js'
import { hasNames } from '../yaml/substitute.js'
import {
  containerHost,
  containerMetricsPortOf,
  containerPaths,
  containerPort,
  inImage,
} from './container-paths.js'

/** Configuration of a stage's container: a mounted `config.yml`, and the arguments of `millrace`. */
export interface ExecutorConfig {
  /** Null when the image has its own `config.yml`. */
  readonly file: Readonly<Record<string, unknown>> | null
  readonly args: readonly string[]
}

export interface ExecutorContainer {
  readonly shardId: number
  readonly workspace: string
  /** Folder of the project from which the stage's image was built. */
  readonly project: string
}

/** Configuration of the container of one shard. @throws UNSUPPORTED, INVALID_OPTION */
export function executorConfig(
  plan: FlowPlan,
  stage: StagePlan,
  container: ExecutorContainer,
): ExecutorConfig {
  checkData(stage)
  const file = configFile(stage, container.project)
  const uses = file === null ? inOwnImage(stage) : `${containerPaths.config}/config.yml`
  const args = ['executor', '--uses', uses, '--name', stage.name]
  args.push('--host', containerHost, '--port', String(containerPort))
  const shards = stage.part?.shards ?? stage.shards
  if (shards > 1) args.push('--shard-id', String(container.shardId), '--shards', String(shards))
  args.push(`--flow=${stage.flow ?? plan.settings.name}`)
  const metricsPort = executorMetricsPort(plan)
  if (metricsPort !== null) args.push('--metrics', JSON.stringify({ port: metricsPort, host: containerHost }))
  const { tracing } = plan.settings
  if (tracing !== null) args.push('--tracing', JSON.stringify(executorTracing(tracing)))
  args.push('--workspace', container.workspace, ...limits(plan, stage))
  const python = stage.python ?? plan.settings.python
  if (stage.source.kind === 'python' && python !== null) args.push('--python', python)
  args.push(...overrides(stage, file === null ? () => true : isNaming))
  return { file, args }
}

/**
 * The port of the metrics in the container of an Executor; null without metrics. With `metrics.auth` there are none: these
 * containers have no tokens.
 */
export function executorMetricsPort({ settings: { metrics } }: FlowPlan): number | null {
  return metrics === null || metrics.auth ? null : containerMetricsPortOf(metrics)
}

/** An Executor that its image has without a file of ours: its own configuration, or a module that Python imports. */
function inOwnImage({ source }: StagePlan): string {
  if (source.kind !== 'python') return 'config.yml'
  return `${pythonScheme}${source.module ?? ''}.${source.className}`
}

function configFile(stage: StagePlan, project: string): ExecutorConfig['file'] {
  const { source, name } = stage
  if (source.kind === 'image') return null
  if (source.kind === 'python') {
    requireOwnImage(stage, source)
    if (source.module !== null) return null
    const urls = source.files.map((file) => pathToFileURL(file).href)
    return mounted(stage, { className: source.className, urls, project })
  }
  if (source.kind !== 'module') {
    throw new MillraceError(
      'UNSUPPORTED',
      `stage '${name}': a container cannot find the module of its class. Decorate a handler with @requests, set \`static module = import.meta.url\` in the class, or use uses: './file.js#Class'.`,
    )
  }
  const className = source.className ?? source.executorClass?.name
  if (className === undefined || className === '' || className === 'default') {
    throw new MillraceError(
      'INVALID_OPTION',
      `stage '${name}': uses names a module but not a class. Add the class after a #, as in './indexer.js#Indexer'.`,
    )
  }
  return mounted(stage, { className, urls: [...source.otherUrls, source.url], project })
}

interface Mounted {
  readonly className: string
  /** File URLs of its modules. */
  readonly urls: readonly string[]
  readonly project: string
}

function mounted(stage: StagePlan, { className, urls, project }: Mounted): ExecutorConfig['file'] {
  return {
    jtype: className,
    py_modules: urls.map((url) => inImage(url, project, stage.name)),
    ...filled('with', stage.usesWith),
    ...filled('metas', stage.usesMetas),
    ...filled('requests', stage.usesRequests),
    ...filled('dynamic_batching', stage.dynamicBatching),
  }
}

/** The image of a project is one of Node. @throws UNSUPPORTED */
function requireOwnImage({ image, name }: StagePlan, { className }: PythonSource): void {
  if (image !== null) return
  throw new MillraceError(
    'UNSUPPORTED',
    `stage '${name}': its Executor ${className} is in Python, which the image of this project does not have. Build one that has Python and jina besides Millrace, and name it: image: 'NAME' of the stage.`,
  )
}

/** Options for threads may have data that JSON cannot express: dates, maps, cycles. @throws UNSUPPORTED */
function checkData({ usesWith, usesMetas, name }: StagePlan): void {
  const wrong = Object.entries({ usesWith, usesMetas }).find(([, value]) => !isJson(value))
  if (wrong === undefined) return
  throw new MillraceError(
    'UNSUPPORTED',
    `stage '${name}': ${wrong[0]} has a value that JSON cannot express. Use strings, numbers, booleans, null, arrays and plain objects.`,
  )
}

function isJson(value: object): boolean {
  try {
    // the clone turns objects without a prototype into plain objects
    return isDeepStrictEqual(JSON.parse(JSON.stringify(value)), structuredClone(value))
  } catch {
    return false // a cycle, or a bigint
  }
}

function filled(key: string, value: object): object {
  return Object.keys(value).length === 0 || isNaming(value) ? {} : { [key]: value }
}

/**
 * True when reading the value from YAML would substitute something unintended, such as `$HOME`. Such values are passed as
 * arguments, which are not substituted. `${{ ENV.X }}` is intended: it reads the container's environment.
 */
export function isNaming(value: object): boolean {
  const text = JSON.stringify(value)
  return hasNames(text) && !/\$\{\{\s*ENV\./i.test(text)
}

/** Arguments that override config.yml. */
function overrides(
  { usesWith, usesMetas, usesRequests, dynamicBatching }: StagePlan,
  isWanted: (value: object) => boolean,
): readonly string[] {
  const given = {
    'uses-with': usesWith,
    'uses-metas': usesMetas,
    'uses-requests': usesRequests,
    'uses-dynamic-batching': dynamicBatching,
  }
  return Object.entries(given).flatMap(([option, value]) =>
    Object.keys(value).length > 0 && isWanted(value) ? [`--${option}`, JSON.stringify(value)] : [],
  )
}

/** Arguments for a replica's limits, where they differ from the defaults. */
function limits({ settings }: FlowPlan, stage: StagePlan): readonly string[] {
  // the platform restarts containers, counts restarts and knows the exit reason
  const args: string[] = ['--restarts', '0']
  if (stage.maxConcurrency !== null) args.push('--max-concurrency', String(stage.maxConcurrency))
  if (stage.allowConcurrent) args.push('--allow-concurrent')
  if (stage.queue.perReplica !== stageOptions.queue.preset.perReplica)
    args.push('--queue', JSON.stringify({ perReplica: stage.queue.perReplica }))
  for (const name of stage.exitOnExceptions) args.push('--exit-on-exceptions', name)
  const readyMs = stage.timeoutReadyMs ?? settings.timeoutReadyMs
  // with `=`, because it may be -1
  if (readyMs !== flowOptions.timeoutReadyMs.preset) args.push(`--timeout-ready=${readyMs}`)
  if (settings.maxMessageBytes !== flowOptions.maxMessageBytes.preset)
    args.push('--max-message-bytes', String(settings.maxMessageBytes))
  if (JSON.stringify(settings.requestLimits) !== JSON.stringify(flowOptions.requestLimits.preset))
    args.push('--request-limits', JSON.stringify(settings.requestLimits))
  if (settings.graceMs !== flowOptions.graceMs.preset) args.push('--grace-ms', String(settings.graceMs))
  return args
}
