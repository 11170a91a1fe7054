import { randomBytes } from 'node:crypto'
import { copyFile, constants, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../workspace/create-whole.js'

// A shard's folder:
//
//   CURRENT-N             name of a generation, or `none`; N is the number of the writer that wrote it
//   generation-N-HEX/     a LanceDB database with one table, made by writer N
//   writer-N.lock         whose turn it is to write
//
// 1. The generation counts that the CURRENT with the highest number names; there is no table while there is none. It is
//    written after the generation is complete. So a creation or a restore that was killed leaves a generation that nobody
//    names, and is simply done again.
// 2. A writer names generations under its own number only, and removes those of writers before it. So one that was stopped,
//    and goes on when another has taken over, changes nothing that counts.
// 3. The CURRENT before the last one stays, so that whoever reads the folder meanwhile finds one of them.

const pointer = /^CURRENT(?:-(\d+))?$/
const generation = /^generation-(?:(\d+)-)?[\da-f]{12}$/
const none = 'none'

export const tableName = 'documents'

/** A CURRENT file. */
export interface Pointer {
  readonly name: string
  /** Undefined for `none`. */
  readonly generation: string | undefined
}

/** Name of the generation that counts; undefined when nothing was ever stored. */
export async function currentGeneration(folder: string): Promise<string | undefined> {
  return (await currentPointer(folder))?.generation
}

/** The last CURRENT. `likely` is the one before, which is read while the folder is. */
export async function currentPointer(folder: string, likely?: string): Promise<Pointer | undefined> {
  const [found, early] = await Promise.all([numbered(folder, pointer), readPointer(folder, likely)])
  for (let all = found; ; all = await numbered(folder, pointer)) {
    const name = all.at(-1)?.name
    if (name === undefined) return undefined
    if (early?.name === name) return early
    const read = await readPointer(folder, name)
    // else there are later ones by now
    if (read !== undefined) return read
  }
}

async function readPointer(folder: string, name: string | undefined): Promise<Pointer | undefined> {
  if (name === undefined) return undefined
  try {
    const generation = (await readFile(join(folder, name), 'utf8')).trim()
    return { name, generation: generation === none ? undefined : generation }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Names of a pattern with their numbers, the lowest first; without a number is 0. */
async function numbered(folder: string, pattern: RegExp): Promise<{ name: string; number: number }[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  const found = names.flatMap((name) => {
    const match = pattern.exec(name)
    return match === null ? [] : [{ name, number: Number(match[1] ?? 0) }]
  })
  return found.sort((one, other) => one.number - other.number)
}

/** An empty folder for a new generation of a writer. */
export async function newGeneration(folder: string, writer: number): Promise<string> {
  const name = `generation-${writer}-${randomBytes(6).toString('hex')}`
  await mkdir(join(folder, name))
  return name
}

/** From here on this generation counts, or none, unless a later writer has named one. */
export async function nameGeneration(folder: string, writer: number, name = none): Promise<void> {
  const path = join(folder, `CURRENT-${writer}`)
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  const file = await open(draft, 'w')
  await file.writeFile(`${name}\n`)
  await file.sync()
  await file.close()
  await rename(draft, path)
  await syncFolder(folder)
  const earlier = (await numbered(folder, pointer)).filter(({ number }) => number < writer)
  for (const { name: old } of earlier.slice(0, -1)) await rm(join(folder, old), { force: true })
}

/** Removes generations of earlier writers that do not count, unless they did less than `keepMs` ago. */
export async function removeOldGenerations(
  folder: string,
  { writer, keepMs }: { readonly writer: number; readonly keepMs: number },
): Promise<void> {
  const current = await currentPointer(folder)
  if (current !== undefined && Date.now() - (await stat(join(folder, current.name))).mtimeMs < keepMs) return
  for (const { name, number } of await numbered(folder, generation)) {
    if (number < writer && name !== current?.generation)
      await rm(join(folder, name), { recursive: true, force: true })
  }
}

/** Gives every file of a generation, which never change once they are there, a second name in an empty folder. */
export async function linkGeneration(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) {
      await mkdir(target, { recursive: true })
      await linkGeneration(source, target)
    } else await linkFile(source, target)
  }
}

async function linkFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    // cleaned away, or linked before
    if (isMissing(error) || (error as { readonly code?: unknown }).code === 'EEXIST') return
    await copyFile(from, to, constants.COPYFILE_FICLONE)
  }
}

/** Waits until the names in a folder are on the disk. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
