import { randomBytes } from 'node:crypto'
import { constants, existsSync } from 'node:fs'
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { MillraceError } from '../errors.js'
import { nameGeneration, nameNoGeneration, newGeneration, removeOldGenerations } from './folder.js'
import type { Store } from './store.js'
import { Sync } from './sync.js'

// A snapshot is one folder a shard, PATH/SHARD: `table/`, a copy of the generation, and `snapshot.json`. For the holder of
// the writer's lock only, so that nothing is committed while files are copied; readers go on.

interface Description {
  readonly format: 1
  readonly shards: number
  /** Whether anything was ever stored. */
  readonly empty: boolean
}

export interface Place {
  /** The snapshot's folder. */
  readonly path: string
  readonly shard: number
  readonly shards: number
}

/** Copies the table to where no snapshot of this shard is yet; complete or not there at all. Throws INVALID_INPUT. */
export async function takeSnapshot(store: Store, { path, shard, shards }: Place): Promise<void> {
  const target = resolve(path, String(shard))
  if (existsSync(target)) {
    throw new MillraceError('INVALID_INPUT', `There is a snapshot in ${target} already; name another folder.`)
  }
  const version = await store.latest({ exactly: true })
  const draft = `${target}.${randomBytes(6).toString('hex')}`
  await mkdir(draft, { recursive: true })
  try {
    if (version !== undefined) await copy(join(store.folder, version.generation), join(draft, 'table'))
    const description: Description = { format: 1, shards, empty: version === undefined }
    await writeFile(join(draft, 'snapshot.json'), JSON.stringify(description))
    await rename(draft, target)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw error
  }
}

/** Puts a snapshot in the place of all that is stored, at once for whoever reads. Throws INVALID_INPUT when there is none. */
export async function restoreSnapshot(
  store: Store,
  { path, shard, shards, keepMs }: Place & { readonly keepMs: number },
): Promise<void> {
  const source = resolve(path, String(shard))
  const description = await describe(source)
  if (description.shards !== shards) {
    throw new MillraceError(
      'INVALID_INPUT',
      `The snapshot in ${dirname(source)} has ${description.shards} shards, this stage has ${shards}; documents would be on the wrong ones.`,
    )
  }
  await removeOldGenerations(store.folder, keepMs)
  if (description.empty) return nameNoGeneration(store.folder)
  const generation = await newGeneration(store.folder)
  const folder = join(store.folder, generation)
  await copy(join(source, 'table'), folder)
  await store.check(generation)
  // a generation that nobody names yet: all of it goes to the disk before its name does
  await new Sync().run(folder)
  await nameGeneration(store.folder, generation)
}

async function describe(source: string): Promise<Description> {
  try {
    return JSON.parse(await readFile(join(source, 'snapshot.json'), 'utf8')) as Description
  } catch (error) {
    throw new MillraceError('INVALID_INPUT', `There is no snapshot in ${source}.`, { cause: error })
  }
}

/** Shares blocks where the file system can. */
function copy(from: string, to: string): Promise<void> {
  return cp(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE })
}
