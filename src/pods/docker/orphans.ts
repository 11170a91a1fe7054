import { Container, type ContainerFacts } from '../../docker-engine/container.js'
import type { Engine } from '../../docker-engine/engine.js'
import { isOrphaned, labelNames } from '../../docker-engine/labels.js'
import { MillraceError } from '../../errors.js'

/** Containers whose program has exited without removing them, as after `kill -9`. */
export async function listOrphans(engine: Engine): Promise<readonly ContainerFacts[]> {
  const owned = await Container.list(engine, { [labelNames.ownerPid]: '' })
  const facts = await Promise.all(owned.map((container) => container.inspect()))
  return facts.filter((each): each is ContainerFacts => each !== null && isOrphaned(each.labels))
}

/** Removes orphans; resolves with those it removed. */
export async function removeOrphans(engine: Engine): Promise<readonly ContainerFacts[]> {
  const orphans = await listOrphans(engine)
  await Promise.all(orphans.map(({ id }) => Container.at(engine, id).remove()))
  return orphans
}

const swept = new Map<string, Promise<unknown>>()

/**
 * Removes orphans once per program, before its first container, because an orphan may still write to the same workspace.
 * Never rejects: a failure does not prevent the start, and is tried again before the next container.
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
