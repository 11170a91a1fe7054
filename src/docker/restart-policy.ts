import type { Engine } from './engine.js'
import { dockerFailure } from './failure.js'

/** Whether the engine starts a container again that ended by itself, also when nobody looks. */
export async function setRestarts({ docker }: Engine, id: string, isWanted: boolean): Promise<void> {
  const Name = isWanted ? 'unless-stopped' : 'no'
  try {
    await docker.getContainer(id).update({ RestartPolicy: { Name } })
  } catch (error) {
    throw dockerFailure(error, `The container ${id.slice(0, 12)} cannot be told to restart`)
  }
}
