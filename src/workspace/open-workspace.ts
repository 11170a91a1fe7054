import { accessSync, constants, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Holder } from './holder.js'
import { takeLock } from './lock.js'
import { checkShards } from './marker.js'
import { enterShard, outlastOthers } from './pods.js'
import { isSameProcess } from './process-space.js'
import { claimForStage } from './stage-claim.js'
import { noteLocked } from './token.js'

/** The workspace of one worker. */
export interface WorkspaceOf {
  /** `WORKSPACE/NAME`, absolute. */
  readonly folder: string
  readonly shardId: number
  readonly shards: number
  /** Null for a worker without a Flow, which locks nothing; undefined when another copy of the package created the worker. */
  readonly holder: Holder | null | undefined
  /** The stage that uses the workspace exclusively within its Flow; undefined when stages may share it. */
  readonly stage?: string | undefined
}

/**
 * The folder of one shard, created if missing, checked and locked for its Flow. A read-only file system is not locked,
 * because its users cannot interfere with each other.
 *
 * @throws WORKSPACE_CONFLICT when it has data of another number of shards, or another Flow or stage holds it
 */
export function openWorkspace({ folder, shardId, shards, holder, stage }: WorkspaceOf): string {
  mkdirSync(folder, { recursive: true })
  const readOnly = isReadOnly(folder)
  checkShards(folder, shards, readOnly)
  const shard = join(folder, String(shardId))
  mkdirSync(shard, { recursive: true })
  if (holder && !readOnly) {
    lockShard(shard, holder)
    if (stage !== undefined) claimForStage(shard, { flow: holder.flow, stage })
  }
  return shard
}

function lockShard(shard: string, holder: Holder): void {
  noteLocked(holder, shard)
  // inside a container the pid may be that of another process outside
  const isProgram = process.pid === holder.pid && isSameProcess(holder.pid, holder.processStart)
  const leave = isProgram ? () => {} : enterShard(shard, holder.flow)
  try {
    takeLock(shard, holder)
    outlastOthers(shard, holder.flow)
  } catch (error) {
    leave()
    throw error
  }
}

/** Whether it is mounted read-only; missing permissions are an error instead. */
function isReadOnly(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS'
  }
}
