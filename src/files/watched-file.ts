import { readFileSync, statSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { reasonOf } from '../lib/reason.js'

/** Secrets and certificates are small. */
const maxBytes = 1024 * 1024

/**
 * Milliseconds between two looks at a file. It is looked at, not watched: a mounted Secret of Kubernetes changes by a
 * symbolic link of a folder above it, which watching the file does not see.
 */
const lookMs = 1000

/** Reads a file. @throws INVALID_OPTION, which begins with `what`, when that is not possible or it is too large */
export function readSmallFile(file: string, what: string): Buffer {
  try {
    const stats = statSync(file)
    if (!stats.isFile()) throw new Error('it is not a file')
    if (stats.size > maxBytes) throw new Error(`it has ${stats.size} bytes, more than ${maxBytes}`)
    return readFileSync(file)
  } catch (cause) {
    throw unreadable(file, what, cause)
  }
}

/** A file that is read again when it changes. */
export interface WatchedFile {
  readonly file: string
  /** What it is, for messages: `auth.bearer.file`. */
  readonly what: string
}

export interface WatchTools {
  readonly clock: Clock
  /**
   * Called after at least one of the files has changed, with the contents of all. When it throws, or a file cannot be read,
   * what was read before stays in use, and the reason is logged once.
   */
  onChange(contents: readonly Buffer[]): void
  /** Logs a sentence. */
  say(sentence: string): void
}

/** Reads files again when one of them changes. The returned function stops that. */
export function watchFiles(files: readonly WatchedFile[], { clock, onChange, say }: WatchTools): () => void {
  let cancel = (): void => {}
  let isOver = false
  let seen = ''
  let said = ''
  const look = async (): Promise<void> => {
    try {
      const now = await stateOf(files)
      if (now !== seen && !isOver) {
        const contents = await Promise.all(files.map(contentsOf))
        if (!isOver) onChange(contents)
        seen = now
      }
      said = ''
    } catch (error) {
      const { message } = MillraceError.from(error)
      if (message !== said && !isOver) say(`${message} What was read before stays in use.`)
      said = message
    }
    if (!isOver) cancel = clock.after(lookMs, () => void look())
  }
  // reads them once more, because they may have changed since their first use
  void look()
  return () => {
    isOver = true
    cancel()
  }
}

async function stateOf(files: readonly WatchedFile[]): Promise<string> {
  const all = await Promise.all(
    files.map(async ({ file, what }) => {
      const { ino, size, mtimeMs, ctimeMs } = await stat(file).catch((cause: unknown) => {
        throw unreadable(file, what, cause)
      })
      if (size > maxBytes) throw unreadable(file, what, new Error(`it has more than ${maxBytes} bytes`))
      return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
    }),
  )
  return all.join(', ')
}

async function contentsOf({ file, what }: WatchedFile): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw unreadable(file, what, cause)
  })
}

function unreadable(file: string, what: string, cause: unknown): MillraceError {
  const reason = reasonOf(cause)
  return new MillraceError('INVALID_OPTION', `${what}: ${file} cannot be read: ${reason}.`, { cause })
}
