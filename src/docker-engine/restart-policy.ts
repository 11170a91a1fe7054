import type { Engine } from './engine.js'
import { dockerFailure } from './failure.js'

/** Sets whether the engine restarts a container that exits by itself. */
export async function setRestarts({ docker }: Engine, id: string, isWanted: boolean): Promise<void> {
  const Name = isWanted ? 'unless-stopped' : 'no'
  try {
    await docker.getContainer(id).update({ RestartPolicy: { Name } })
  } catch (error) {
    throw dockerFailure(error, `The container ${id.slice(0, 12)} cannot get a restart policy`)
  }
}

/** True when the engine restarts the container. @throws NOT_FOUND, UNAVAILABLE */
export async function restarts({ docker }: Engine, id: string): Promise<boolean> {
  try {
    const { HostConfig } = await docker.getContainer(id).inspect()
    return HostConfig.RestartPolicy?.Name === 'unless-stopped'
  } catch (error) {
    throw dockerFailure(error, `The container ${id.slice(0, 12)} cannot be inspected`)
  }
}
