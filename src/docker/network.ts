import type { Engine } from './engine.js'
import { dockerFailure, isConflict, isNotFound } from './failure.js'
import type { Labels } from './labels.js'

export interface NetworkSpec {
  readonly name: string
  readonly labels: Labels
  /** Without a way out. Default false. */
  readonly internal?: boolean
}

/** Makes a network of the engine's own kind (bridge) unless there is one of that name; gives its id. */
export async function ensureNetwork({ docker }: Engine, spec: NetworkSpec): Promise<string> {
  const { name, labels, internal = false } = spec
  try {
    const filters = { name: [`^${name}$`] }
    const [found] = await docker.listNetworks({ filters })
    if (found !== undefined) return found.Id
    // names of networks need not be distinct for the engine; of two programs at once one is refused
    const options = { Name: name, Labels: { ...labels }, Internal: internal, CheckDuplicate: true }
    return (await docker.createNetwork(options)).id
  } catch (error) {
    if (isConflict(error)) return ensureNetwork({ docker } as Engine, spec)
    throw dockerFailure(error, `The network ${name} cannot be made`)
  }
}

/** Nothing happens when there is none. */
export async function removeNetwork({ docker }: Engine, name: string): Promise<void> {
  try {
    await docker.getNetwork(name).remove()
  } catch (error) {
    if (!isNotFound(error)) throw dockerFailure(error, `The network ${name} cannot be removed`)
  }
}

/** Puts a container into one more network. @throws NOT_FOUND, START_FAILED */
export async function connectNetwork({ docker }: Engine, name: string, container: string): Promise<void> {
  try {
    await docker.getNetwork(name).connect({ Container: container })
  } catch (error) {
    throw dockerFailure(error, `A container cannot be put into the network ${name}`)
  }
}
