import { createHash } from 'node:crypto'
import { type FSWatcher, readFileSync, watch } from 'node:fs'
import path from 'node:path'
import { MillraceError } from '../../errors.js'
import type { Clock } from '../../lib/clock.js'

/** Milliseconds without an event after which a save counts as complete: editors write a file in several steps. */
const quietMs = 50

/**
 * Watches files for changes of their content.
 *
 * 1. A save that leaves the content as it was is no change; nor is a file that is missing, until it is there again.
 * 2. Folders are watched, not files: many editors save by a new file that takes the name of the old one.
 */
export class FileWatcher {
  readonly #clock: Clock
  readonly #onChange: (files: readonly string[]) => void
  readonly #folders = new Map<string, FSWatcher>()
  /** Hash of the content by path. */
  #known: ReadonlyMap<string, string | null> = new Map()
  readonly #touched = new Set<string>()
  #cancel = (): void => {}

  /** @param onChange called with absolute paths */
  constructor(clock: Clock, onChange: (files: readonly string[]) => void) {
    this.#clock = clock
    this.#onChange = onChange
  }

  /**
   * Watches these files from now on, and no others. Files that it watched before keep the content that was last seen.
   *
   * @param files absolute paths
   * @throws RESOURCE_EXHAUSTED when the system watches no more folders
   */
  watch(files: Iterable<string>): void {
    const before = this.#known
    this.#known = new Map(
      [...files].map((file) => [file, before.has(file) ? before.get(file)! : contentHash(file)]),
    )
    const folders = new Set([...this.#known.keys()].map((file) => path.dirname(file)))
    for (const [folder, watcher] of this.#folders) {
      if (folders.has(folder)) continue
      watcher.close()
      this.#folders.delete(folder)
    }
    for (const folder of folders)
      if (!this.#folders.has(folder)) this.#folders.set(folder, this.#open(folder))
  }

  close(): void {
    this.#cancel()
    for (const watcher of this.#folders.values()) watcher.close()
    this.#folders.clear()
  }

  #open(folder: string): FSWatcher {
    try {
      const watcher = watch(folder, (_event, name) => {
        if (name !== null) this.#touch(path.join(folder, name))
      })
      // the folder was removed
      watcher.on('error', () => watcher.close())
      return watcher
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      const advice = code === 'ENOSPC' ? ' Raise fs.inotify.max_user_watches (sysctl).' : ''
      throw new MillraceError('RESOURCE_EXHAUSTED', `${folder} cannot be watched: ${message}.${advice}`, {
        cause,
      })
    }
  }

  #touch(file: string): void {
    if (!this.#known.has(file)) return
    this.#touched.add(file)
    this.#cancel()
    this.#cancel = this.#clock.after(quietMs, () => this.#look())
  }

  #look(): void {
    const now = [...this.#touched].map((file) => [file, contentHash(file)] as const)
    this.#touched.clear()
    const changed = now.filter(
      ([file, hash]) => this.#known.has(file) && hash !== null && hash !== this.#known.get(file),
    )
    if (changed.length === 0) return
    this.#known = new Map([...this.#known, ...changed])
    this.#onChange(changed.map(([file]) => file))
  }
}

/** Null for a file that cannot be read. */
function contentHash(file: string): string | null {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('base64')
  } catch {
    return null
  }
}
