import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { currentGeneration, linkGeneration, nameGeneration, newGeneration, tableName } from './folder.js'
import type { Store } from './store.js'
import { Sync } from './sync.js'

/**
 * Makes later commits of an earlier writer ineffective: the table continues in a new generation of this writer, and the
 * earlier writer only knows the old one. The holder of a contested lock must do this first.
 */
export async function fence(store: Store, writer: number): Promise<void> {
  const { folder } = store
  const current = await currentGeneration(folder)
  if (current === undefined) return nameGeneration(folder, writer)
  const name = await newGeneration(folder, writer)
  const [from, to] = [join(folder, current), join(folder, name)]
  // a commit in the meantime may have been copied halfway: look for its files again
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

/** Names of the versions of a table. */
async function versionsOf(generation: string): Promise<string> {
  return (await readdir(join(generation, `${tableName}.lance`, '_versions'))).sort().join('\n')
}
