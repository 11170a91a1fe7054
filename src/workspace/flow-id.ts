import { createHash } from 'node:crypto'

/** Set for replicas of one Flow that are programs of their own, in containers: they share what they keep. */
export const flowIdVariable = 'MILLRACE_FLOW_ID'

/** What the replicas have in common. It is for the first Flow of a program: one that its Executor starts is another one. */
export function takeFlowId(env: NodeJS.ProcessEnv = process.env): string | null {
  const id = env[flowIdVariable]
  delete env[flowIdVariable]
  // part of file names
  return id === undefined || id === '' ? null : createHash('sha256').update(id).digest('hex').slice(0, 32)
}
