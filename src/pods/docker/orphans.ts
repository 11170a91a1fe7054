import { Container, type ContainerFacts } from '../../docker-engine/container.js'
import type { Engine } from '../../docker-engine/engine.js'
import { isOrphaned, labelNames } from '../../docker-engine/labels.js'
import { MillraceError } from '../../errors.js'

/** Containers of programs that have ended without them, as by `kill -9`. */
export async function listOrphans(engine: Engine): Promise<readonly ContainerFacts[]> {
  const owned = await Container.list(engine, { [labelNames.ownerPid]: '' })
  const facts = await Promise.all(owned.map((container) => container.inspect()))
  return facts.filter((each): each is ContainerFacts => each !== null && isOrphaned(each.labels))
}

/** Ends and removes them; gives those that there were. */
export async function removeOrphans(engine: Engine): Promise<readonly ContainerFacts[]> {
  const orphans = await listOrphans(engine)
  await Promise.all(orphans.map(({ id }) => Container.at(engine, id).remove()))
  return orphans
}

const swept = new Map<string, Promise<unknown>>()

/**
 * Once in a program, before its first container: what it writes to may still be an orphan's. Never rejects: who cannot be removed
 * keeps nobody from starting, and is tried again before the next one.
 */
export async function sweepOnce(engine: Engine, say: (sentence: string) => void): Promise<void> {
  const sweeping = swept.get(engine.address) ?? sweep(engine, say)
  swept.set(engine.address, sweeping)
  await sweeping
}

async function sweep(engine: Engine, say: (sentence: string) => void): Promise<void> {
  try {
    for (const { name, labels } of await removeOrphans(engine))
      say(
        `The container ${name} was left behind by a program (pid ${labels[labelNames.ownerPid]}) that has ended, and is removed.`,
      )
  } catch (error) {
    swept.delete(engine.address)
    say(
      `Containers that other programs have left behind cannot be removed: ${MillraceError.from(error).message}`,
    )
  }
}
