import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../workspace/create-whole.js'
import { syncFolder } from './folder.js'

/**
 * Flushes the files of a table to the disk. LanceDB leaves that to the system: without it a commit survives the death of the
 * process, but not of the machine. Committed files never change, so each is flushed once.
 */
export class Sync {
  #synced = new Set<string>()

  async run(folder: string): Promise<void> {
    const present = new Set<string>()
    await this.#visit(folder, present)
    this.#synced = present
  }

  async #visit(folder: string, present: Set<string>): Promise<void> {
    let changed = false
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      present.add(path)
      if (!this.#synced.has(path)) changed = true
      if (entry.isDirectory()) await this.#visit(path, present)
      else if (!this.#synced.has(path)) await syncFile(path)
    }
    if (changed) await syncFolder(folder)
  }
}

async function syncFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'r')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    // removed meanwhile
    if (!isMissing(error)) throw error
  }
}
