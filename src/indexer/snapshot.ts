import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { cp, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError } from '../errors.js'
import { nameGeneration, newGeneration, removeOldGenerations } from './folder.js'
import type { Store } from './store.js'
import { Sync } from './sync.js'
import { reasonOf } from '../lib/reason.js'

// A snapshot is one folder a shard, FOLDER/NAME/SHARD: `table/`, a copy of the generation, and `snapshot.json`. Only the holder
// of the writer lock takes or restores one, so that nothing is committed while files are copied; readers continue. FOLDER
// belongs to the operator; below it links are never followed, because NAME comes from a caller.

interface Description {
  readonly format: 1
  readonly shards: number
  /** Whether nothing was ever stored. */
  readonly empty: boolean
}

export interface SnapshotLocation {
  /** The folder of all snapshots, absolute. */
  readonly folder: string
  /** The name of the snapshot, without path separators. */
  readonly name: string
  readonly shard: number
  readonly shards: number
}

/** Copies the table to a new snapshot, which is complete or does not exist. Throws INVALID_INPUT when it exists already. */
export async function takeSnapshot(
  store: Store,
  { folder, name, shard, shards }: SnapshotLocation,
): Promise<void> {
  const snapshot = join(folder, name)
  // not `recursive`: below /proc that never ends
  await makeFolder(folder)
  await makeFolder(snapshot)
  const target = join(snapshot, String(shard))
  if (await isThere(target)) {
    throw new MillraceError(
      'INVALID_INPUT',
      `Shard ${shard} already has a snapshot '${name}'; use another name.`,
    )
  }
  const version = await store.latest({ exactly: true })
  const draft = `${target}.${randomBytes(6).toString('hex')}`
  await mkdir(draft)
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

/** Replaces the table with a snapshot, in one step for readers. Throws INVALID_INPUT when there is no such snapshot. */
export async function restoreSnapshot(
  store: Store,
  {
    folder,
    name,
    shard,
    shards,
    keepMs,
    writer,
  }: SnapshotLocation & { readonly keepMs: number; readonly writer: number },
): Promise<void> {
  const snapshot = join(folder, name)
  const source = join(snapshot, String(shard))
  if (!(await isFolder(snapshot)) || !(await isFolder(source))) throw noSnapshot(name, shard)
  const description = await describe(join(source, 'snapshot.json'))
  if (description === undefined) throw noSnapshot(name, shard)
  if (description.shards !== shards) {
    throw new MillraceError(
      'INVALID_INPUT',
      `The snapshot '${name}' has ${description.shards} shards, this stage has ${shards}; documents would be on the wrong ones.`,
    )
  }
  await removeOldGenerations(store.folder, { writer, keepMs })
  if (description.empty) return nameGeneration(store.folder, writer)
  const generation = await newGeneration(store.folder, writer)
  const table = join(store.folder, generation)
  await copy(join(source, 'table'), table)
  await store.check(generation)
  // an unnamed generation: its content is flushed to the disk before its name is written
  await new Sync().run(table)
  await nameGeneration(store.folder, writer, generation)
}

/** Makes a folder in an existing one. Throws INVALID_INPUT where something else, for example a link, is in the way. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    if (await isFolder(path)) return
    const reason = reasonOf(error)
    throw new MillraceError('INVALID_INPUT', `${path} cannot hold snapshots: ${reason}.`, { cause: error })
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined
}

/** Whether it is a folder itself, and not a link to one. */
async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true
}

async function describe(path: string): Promise<Description | undefined> {
  try {
    if (!(await lstat(path)).isFile()) return undefined
    return JSON.parse(await readFile(path, 'utf8')) as Description
  } catch {
    return undefined
  }
}

function noSnapshot(name: string, shard: number): MillraceError {
  return new MillraceError('INVALID_INPUT', `There is no snapshot '${name}' of shard ${shard}.`)
}

/** Copies files and folders only, sharing blocks where the file system can. Throws INVALID_INPUT for anything else. */
function copy(from: string, to: string): Promise<void> {
  const mode = constants.COPYFILE_FICLONE
  return cp(from, to, { recursive: true, mode, verbatimSymlinks: true, filter: requirePlain })
}

async function requirePlain(path: string): Promise<boolean> {
  const found = await lstat(path)
  if (found.isFile() || found.isDirectory()) return true
  throw new MillraceError('INVALID_INPUT', `${path} is neither a file nor a folder, and is not copied.`)
}
