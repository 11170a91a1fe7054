import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../workspace/create-whole.js'

// A shard's folder:
//
//   CURRENT               name of the generation that counts; there is no table while it is missing
//   generation-HEX/       a LanceDB database with one table
//   writer-N.lock         whose turn it is to write
//
// 1. CURRENT is replaced by rename, after the generation it names is complete. So a creation or a restore that was killed
//    leaves a generation that nobody names, and is simply done again.
// 2. Only the holder of the writer's lock makes, names or removes generations.

const pointer = 'CURRENT'
const prefix = 'generation-'

export const tableName = 'documents'

/** Name of the generation that counts; undefined when nothing was ever stored. */
export async function currentGeneration(folder: string): Promise<string | undefined> {
  try {
    return (await readFile(join(folder, pointer), 'utf8')).trim()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** An empty folder for a new generation. */
export async function newGeneration(folder: string): Promise<string> {
  const name = prefix + randomBytes(6).toString('hex')
  await mkdir(join(folder, name), { recursive: true })
  return name
}

/** From here on this generation counts. */
export async function nameGeneration(folder: string, name: string): Promise<void> {
  const next = join(folder, `${pointer}.next`)
  const file = await open(next, 'w')
  await file.writeFile(`${name}\n`)
  await file.sync()
  await file.close()
  await rename(next, join(folder, pointer))
  await syncFolder(folder)
}

/** From here on nothing is stored. */
export async function nameNoGeneration(folder: string): Promise<void> {
  await rm(join(folder, pointer), { force: true })
  await syncFolder(folder)
}

/** Removes generations that do not count, unless they did less than `keepMs` ago. */
export async function removeOldGenerations(folder: string, keepMs: number): Promise<void> {
  const current = await currentGeneration(folder)
  if (current !== undefined && Date.now() - (await stat(join(folder, pointer))).mtimeMs < keepMs) return
  for (const name of await readdir(folder)) {
    if (name.startsWith(prefix) && name !== current)
      await rm(join(folder, name), { recursive: true, force: true })
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
