import { jinaBatching } from '../../executor/batching.js'
import type { PodSpec } from '../pod.js'

/**
 * Options of `jina executor` for a pod (jina.md 1.2), by the names that Jina gives them in Python. Those that say nothing are left
 * out, because older versions do not know all of them.
 *
 * @param workspace absolute path
 */
export function jinaOptions(
  { name, executor }: PodSpec,
  workspace: string,
): Readonly<Record<string, unknown>> {
  const { usesWith, usesMetas, usesRequests, dynamicBatching = {}, exitOnExceptions } = executor
  const batching = jinaBatching(dynamicBatching)
  return {
    name,
    workspace,
    shard_id: executor.shardId,
    shards: executor.shards,
    replicas: executor.replicas,
    ...filled('uses_with', usesWith),
    ...filled('uses_metas', usesMetas),
    ...filled('uses_requests', usesRequests),
    ...filled('uses_dynamic_batching', batching),
    ...(exitOnExceptions.length > 0 && { exit_on_exceptions: exitOnExceptions }),
    ...(executor.allowConcurrent === true && { allow_concurrent: true }),
  }
}

function filled(option: string, value: object): object {
  return Object.keys(value).length === 0 ? {} : { [option]: value }
}
