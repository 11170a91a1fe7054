import type { Engine } from './engine.js'
import { dockerFailure, isConflict, isNotFound } from './failure.js'
import type { Labels } from './labels.js'

export interface NetworkSpec {
  readonly name: string
  readonly labels: Labels
  /** No access to outside networks. Default false. */
  readonly internal?: boolean
}

/** Creates a bridge network unless one of that name exists; resolves with its id. */
export async function ensureNetwork({ docker }: Engine, spec: NetworkSpec): Promise<string> {
  const { name, labels, internal = false } = spec
  try {
    const [found] = await idsOf(docker, name)
    if (found !== undefined) return found
    // the engine does not enforce unique names and may create two for concurrent requests
    const options = { Name: name, Labels: { ...labels }, Internal: internal, CheckDuplicate: true }
    return (await docker.createNetwork(options)).id
  } catch (error) {
    if (isConflict(error)) return ensureNetwork({ docker } as Engine, spec)
    throw dockerFailure(error, `The network ${name} cannot be created`)
  }
}

/** Does nothing when the network does not exist. */
export async function removeNetwork({ docker }: Engine, name: string): Promise<void> {
  try {
    for (const id of await idsOf(docker, name)) await docker.getNetwork(id).remove()
  } catch (error) {
    if (!isNotFound(error)) throw dockerFailure(error, `The network ${name} cannot be removed`)
  }
}

/** Filters for the exact name: the engine's filter treats it as a pattern. */
async function idsOf(docker: Engine['docker'], name: string): Promise<readonly string[]> {
  const found = await docker.listNetworks({ filters: { name: [name] } })
  return found.filter(({ Name }) => Name === name).map(({ Id }) => Id)
}

/** Connects a container to another network. @throws NOT_FOUND, START_FAILED */
export async function connectNetwork({ docker }: Engine, name: string, container: string): Promise<void> {
  try {
    await docker.getNetwork(name).connect({ Container: container })
  } catch (error) {
    throw dockerFailure(error, `Cannot connect a container to the network ${name}`)
  }
}
