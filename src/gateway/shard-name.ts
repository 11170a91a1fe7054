/** What a shard is called, in names of pods and in messages: `exec/shard-1`; a stage's only one like the stage. */
export function shardName(stage: string, index: number, shards: number): string {
  return shards === 1 ? stage : `${stage}/shard-${index}`
}
