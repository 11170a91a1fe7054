import { MillraceError } from '../errors.js'

/** Set for containers of a shard with several replicas, each with its own workspace. */
export const ownWorkspaceVariable = 'MILLRACE_OWN_WORKSPACE'

/**
 * For an Executor whose replicas must share their workspace: the author of the container's configuration may not have known
 * its class.
 *
 * @throws WORKSPACE_CONFLICT in a container whose workspace is not shared with the other replicas
 */
export function requireShared(className: string, env: NodeJS.ProcessEnv = process.env): void {
  if (!env[ownWorkspaceVariable]) return
  throw new MillraceError('WORKSPACE_CONFLICT', `${className}: ${notShared}`)
}

/** Why such a stage is refused, and how to resolve it. */
export const notShared =
  'the replicas of a shard must share one workspace, and here each would have a volume of its own: a search would find what ' +
  'its replica was given. Use replicas: 1, and more shards for more data; or name a storage class whose volumes many pods can ' +
  'write to (ReadWriteMany): sharedStorageClass (--shared-storage-class).'
