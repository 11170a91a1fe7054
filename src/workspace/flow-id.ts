import { createHash } from 'node:crypto'

/** Set for replicas of one Flow that run as separate programs, in containers: they share workspaces. */
export const flowIdVariable = 'MILLRACE_FLOW_ID'

/**
 * The id shared by these replicas. Only the first Flow of a program uses it: a Flow that an Executor starts has a different
 * id.
 */
export function takeFlowId(env: NodeJS.ProcessEnv = process.env): string | null {
  const id = env[flowIdVariable]
  delete env[flowIdVariable]
  // becomes part of file names
  return id === undefined || id === '' ? null : createHash('sha256').update(id).digest('hex').slice(0, 32)
}
