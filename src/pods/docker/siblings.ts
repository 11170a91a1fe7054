import type { PodSpec } from '../pod.js'

/** Number of this program's containers that share a workspace, by Flow, stage and shard. */
const counts = new Map<string, number>()

/** Counts one more. The returned function, on its first call, counts it out and returns true when it was the last. */
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
