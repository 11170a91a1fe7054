import type { PodSpec } from '../pod.js'

/** Number of this program's containers that share a workspace, by Flow, stage and shard. */
const counts = new Map<string, number>()

/**
 * Adds a container to the count. The returned function removes it again, and returns true when it was the last one; only its
 * first call counts.
 */
export function enter({ executor: { holder, shardId }, deployment }: PodSpec): () => boolean {
  const key = [holder?.flow, deployment, shardId].join(' ')
  counts.set(key, (counts.get(key) ?? 0) + 1)
  let left = false
  return () => {
    if (left) return false
    left = true
    const rest = counts.get(key)! - 1
    if (rest === 0) counts.delete(key)
    else counts.set(key, rest)
    return rest === 0
  }
}
