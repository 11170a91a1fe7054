import path from 'node:path'
import { makeDefaultWorkspace } from '../../workspace/default-workspace.js'
import { openWorkspace } from '../../workspace/open-workspace.js'
import type { PodSpec } from '../pod.js'

/**
 * The `workspace` for Jina, which puts the folder of a shard below it as Millrace does: `WORKSPACE/NAME/SHARD` (jina.md 2.6). A
 * configured one is checked and locked for its Flow, as the workspaces of other Executors are.
 *
 * @returns an absolute path
 * @throws WORKSPACE_CONFLICT
 */
export function workspaceOf({ executor }: PodSpec, className: string): string {
  const { workspace, usesMetas, shardId, shards, holder, defaultWorkspace = '.millrace' } = executor
  const asked = workspace ?? textOf(usesMetas.workspace)
  if (asked === null) return makeDefaultWorkspace(path.resolve(defaultWorkspace))
  const folder = path.resolve(asked, textOf(usesMetas.name) ?? className)
  openWorkspace({ folder, shardId, shards, holder })
  return path.resolve(asked)
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
