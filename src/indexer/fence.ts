import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { currentGeneration, linkGeneration, nameGeneration, newGeneration, tableName } from './folder.js'
import type { Store } from './store.js'
import { Sync } from './sync.js'

/**
 * Makes what an earlier writer may still commit have no effect: the table goes on under another name, in a generation of
 * this writer, and the other one has only the former. It is for the holder of a contested lock, before anything else.
 */
export async function fence(store: Store, writer: number): Promise<void> {
  const { folder } = store
  const current = await currentGeneration(folder)
  if (current === undefined) return nameGeneration(folder, writer)
  const name = await newGeneration(folder, writer)
  const [from, to] = [join(folder, current), join(folder, name)]
  // what is committed meanwhile may be half there: its files are looked for again
  for (let before = ''; ; ) {
    const versions = await versionsOf(from)
    if (versions === before) break
    before = versions
    await linkGeneration(from, to)
  }
  await store.check(name)
  await new Sync().run(to)
  await nameGeneration(folder, writer, name)
}

/** Names of the versions that a table has. */
async function versionsOf(generation: string): Promise<string> {
  return (await readdir(join(generation, `${tableName}.lance`, '_versions'))).sort().join('\n')
}
