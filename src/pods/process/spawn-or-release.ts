import { releasePrivatePath } from '../../workspace/private-folder.js'

/** Calls `spawn`, which throws, for example, when there is no memory for another process; then releases the path of its socket. */
export function spawnOrRelease<T>(socketPath: string, spawn: () => T): T {
  try {
    return spawn()
  } catch (error) {
    releasePrivatePath(socketPath)
    throw error
  }
}
