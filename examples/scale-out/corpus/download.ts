import { createHash } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { CorpusError } from './corpus-error.js'
import { ARCHIVE } from './newsgroups.js'

const MAX_BYTES = 64 * 2 ** 20
/** Maximum wait for the first byte, and between two chunks. */
const PATIENCE_MS = 5_000

/** `$XDG_CACHE_HOME/millrace`, or `~/.cache/millrace`. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const configured = env['XDG_CACHE_HOME']
  const base =
    configured !== undefined && path.isAbsolute(configured) ? configured : path.join(homedir(), '.cache')
  return path.join(base, 'millrace')
}

/**
 * Downloads the archive of 20newsgroups (14 MB) into a folder. It gets its name there only when it is complete and its
 * checksum is right. Throws a CorpusError with the reason of a failure; gives up when no data arrives for five seconds.
 */
export async function downloadNewsgroups(
  folder: string,
  { url = ARCHIVE.url, sha256 = ARCHIVE.sha256 }: { url?: string; sha256?: string } = {},
): Promise<void> {
  const patience = new AbortController()
  const giveUp = (): void => patience.abort(new Error(`nothing came for ${PATIENCE_MS / 1000} seconds`))
  const timer = setTimeout(giveUp, PATIENCE_MS)
  const part = path.join(folder, `${ARCHIVE.name}.${process.pid}.part`)
  try {
    const response = await fetch(url, { signal: patience.signal })
    if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const found = await save(response.body, part, () => timer.refresh())
    if (found !== sha256) throw new Error(`SHA-256 should be ${sha256}, is ${found}`)
    await rename(part, path.join(folder, ARCHIVE.name))
  } catch (error) {
    await rm(part, { force: true })
    throw new CorpusError(`20newsgroups cannot be downloaded from ${url}: ${reason(error)}`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

/** Writes a stream to a file and returns its SHA-256. */
async function save(stream: AsyncIterable<Uint8Array>, file: string, onChunk: () => void): Promise<string> {
  const hash = createHash('sha256')
  await using opened = await open(file, 'w', 0o600)
  let size = 0
  for await (const chunk of stream) {
    onChunk()
    size += chunk.length
    if (size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`)
    hash.update(chunk)
    await opened.appendFile(chunk)
  }
  return hash.digest('hex')
}

/** fetch says "fetch failed" and hides why in the cause. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
