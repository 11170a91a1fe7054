import type { TracingRules } from '../../observe/tracing/tracing-rules.js'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ImageFacts } from '../../docker-engine/image.js'
import { type DynamicBatching, jinaBatching } from '../../executor/batching.js'
import { containerLog } from '../../containers/container-log.js'
import type { LogRules } from '../../observe/log-rules.js'
import { flowOptions } from '../../plan/flow-settings.js'
import { logOption } from '../../plan/log.js'
import type { PodContainer, PodSpec } from '../pod.js'
import { containerPort } from '../../containers/container-paths.js'

/** How an image is started; null means the image's own value. */
export interface Invocation {
  readonly entrypoint: readonly string[] | null
  readonly command: readonly string[] | null
  /** Null for an unknown program. */
  readonly program: 'millrace' | 'jina' | null
}

export interface InvocationInit {
  readonly spec: PodSpec
  readonly container: PodContainer
  /** Path in the container; null without a workspace. */
  readonly workspace: string | null
}

/**
 * Chooses entrypoint and command. An image whose command already contains `executor` gets additional options appended, as
 * last option wins. For `millrace` or `jina` alone, the whole command is set. Any other program is started unchanged and must
 * listen by itself.
 */
export function invocationOf({ entrypoint, command }: ImageFacts, init: InvocationInit): Invocation {
  const words = [...entrypoint, ...command]
  const program = programOf(words)
  if (program === null) return { entrypoint: null, command: null, program }
  const own = program === 'millrace' ? millraceOptions(init) : jinaOptions(init)
  if (words.includes('executor')) return { entrypoint: null, command: [...command, ...own], program }
  return { entrypoint: null, command: ['executor', '--uses', 'config.yml', ...own], program }
}

function programOf(words: readonly string[]): Invocation['program'] {
  const names = words.map((word) => path.posix.basename(word))
  if (names.includes('jina')) return 'jina'
  return names.includes('millrace') ? 'millrace' : null
}

function millraceOptions({ spec, container, workspace }: InvocationInit): readonly string[] {
  const { executor, deployment } = spec
  const { maxConcurrency, allowConcurrent = false, capacity, exitOnExceptions } = executor
  return [
    ...['--name', deployment, '--port', String(containerPort), '--quiet'],
    ...(executor.flow === null ? [] : [`--flow=${executor.flow}`]),
    // the Flow enforces the timeout
    '--timeout-ready=-1',
    ...['--grace-ms', String(container.graceMs), '--max-message-bytes', String(container.maxMessageBytes)],
    ...limitsOf(container),
    ...['--queue', JSON.stringify({ perReplica: capacity })],
    ...(maxConcurrency === null ? [] : ['--max-concurrency', String(maxConcurrency)]),
    ...(allowConcurrent ? ['--allow-concurrent'] : []),
    ...tracingOf(executor.tracing),
    ...logOf(executor.log),
    ...exitOnExceptions.flatMap((name) => ['--exit-on-exceptions', name]),
    ...usesOf(spec),
    ...shared(spec, workspace),
    ...batchingOf(executor.dynamicBatching),
  ]
}

/** A container continues traces of the Flow's gateway, and begins none. */
function tracingOf(tracing: TracingRules | null = null): readonly string[] {
  return tracing === null ? [] : ['--tracing', JSON.stringify({ ...tracing, samplingRatio: 0 })]
}

/** Passed only when it differs from the default: the image may have an older Millrace without this option. */
function logOf(log: LogRules = logOption.preset): readonly string[] {
  const changed = containerLog(log)
  return changed === null ? [] : ['--log', JSON.stringify(changed)]
}

/** Passed only when they differ from the defaults: the image may have an older Millrace without this option. */
function limitsOf({ requestLimits }: PodContainer): readonly string[] {
  const limits = JSON.stringify(requestLimits)
  return limits === JSON.stringify(flowOptions.requestLimits.preset) ? [] : ['--request-limits', limits]
}

/** The class in the image if a test names one; otherwise the image's own Executor. */
function usesOf({ executor: { module, className } }: PodSpec): readonly string[] {
  if (module === null) return []
  return ['--uses', `${fileURLToPath(module)}${className === null ? '' : `#${className}`}`]
}

function jinaOptions({ spec, workspace }: InvocationInit): readonly string[] {
  const { exitOnExceptions, allowConcurrent = false } = spec.executor
  return [
    ...['--name', spec.name, '--port', String(containerPort)],
    ...(exitOnExceptions.length > 0 ? ['--exit-on-exceptions', ...exitOnExceptions] : []),
    ...(allowConcurrent ? ['--allow-concurrent'] : []),
    ...shared(spec, workspace),
    ...batchingOf(jinaBatching(spec.executor.dynamicBatching ?? {})),
  ]
}

function batchingOf(batching: DynamicBatching = {}): readonly string[] {
  return Object.keys(batching).length === 0 ? [] : ['--uses-dynamic-batching', JSON.stringify(batching)]
}

/** Options with the same names in millrace and jina. */
function shared({ executor }: PodSpec, workspace: string | null): readonly string[] {
  const { shards, shardId, usesWith, usesMetas, usesRequests } = executor
  const data = { 'uses-with': usesWith, 'uses-metas': usesMetas, 'uses-requests': usesRequests }
  return [
    ...(shards > 1 ? ['--shard-id', String(shardId), '--shards', String(shards)] : []),
    ...(workspace === null ? [] : ['--workspace', workspace]),
    ...Object.entries(data).flatMap(([option, value]) =>
      Object.keys(value).length === 0 ? [] : [`--${option}`, JSON.stringify(value)],
    ),
  ]
}
