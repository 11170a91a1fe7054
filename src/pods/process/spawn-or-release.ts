import { releasePrivatePath } from '../../workspace/private-folder.js'

/** Calls `spawn`, which throws, for example, when there is no memory for another process; then releases the paths of its sockets. */
export function spawnOrRelease<T>(socketPaths: readonly string[], spawn: () => T): T {
  try {
    return spawn()
  } catch (error) {
    socketPaths.forEach(releasePrivatePath)
    throw error
  }
}
