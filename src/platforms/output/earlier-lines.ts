import type { OutputSource } from './source.js'
import { parseTimed, type TimedLine } from './timed-line.js'

/** What is read of one container, as a Flow of this machine keeps it of a pod. */
const ofContainer = { lines: 1000, size: 256 * 1024 }

/** What is read of all containers together, in UTF-16 units. */
const ofAll = 32 * 1024 * 1024

/** Containers that are read at once. */
const atOnce = 8

/** A line, and the container that printed it. */
export interface SourceLine extends TimedLine {
  readonly source: OutputSource
}

/** The last lines of containers, oldest first: of each at most `lines`, and what a Flow of this machine keeps of a pod. */
export async function earlierLines(
  sources: readonly OutputSource[],
  lines: number | null,
  signal: AbortSignal,
): Promise<readonly SourceLine[]> {
  const tail = Math.min(lines ?? ofContainer.lines, ofContainer.lines)
  const size = Math.min(ofContainer.size, Math.floor(ofAll / Math.max(1, sources.length)))
  const left = [...sources]
  const found: SourceLine[] = []
  const readOn = async (): Promise<void> => {
    for (let source = left.shift(); source !== undefined; source = left.shift()) {
      const own = await lastLines(source, { lines: tail, size }, signal)
      for (const line of own) found.push({ ...line, source })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, readOn))
  return found.toSorted((one, other) => (one.stamp < other.stamp ? -1 : Number(one.stamp > other.stamp)))
}

async function lastLines(
  source: OutputSource,
  most: { readonly lines: number; readonly size: number },
  signal: AbortSignal,
): Promise<readonly TimedLine[]> {
  const kept: TimedLine[] = []
  let size = 0
  await source.read({ tail: most.lines, since: null, follow: false, signal }, (line) => {
    const timed = parseTimed(line)
    if (timed === null) return
    kept.push(timed)
    size += timed.text.length
    while (kept.length > most.lines || size > most.size) size -= kept.shift()!.text.length
  })
  return kept
}
