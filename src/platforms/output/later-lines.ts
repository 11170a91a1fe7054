// Invariants
// 1. A line is given once: reading goes on at the time of the last line, and what has been given of that time is skipped.
// 2. A container that starts later, or again, is followed as well.
// 3. At most `mostFollowed` containers are followed at once.
import { setMaxListeners } from 'node:events'
import { MillraceError } from '../../errors.js'
import type { Clock } from '../../lib/clock.js'
import { pause } from '../../lib/pause.js'
import { chooseSources } from './choose-sources.js'
import type { SourceLine } from './earlier-lines.js'
import type { FlowOutput, OutputSource } from './source.js'
import { parseTimed } from './timed-line.js'

/** Each is a connection to the platform. */
const mostFollowed = 100

/** Milliseconds between two looks for containers that have started. */
const everyMs = 2000

/** The last line of a container that was given, and how many with its time. */
interface Mark {
  readonly stamp: string
  readonly count: number
}

export interface LaterOptions {
  readonly of: string | null
  /** What was read before; a container without lines is read from its beginning. */
  readonly earlier: readonly SourceLine[]
  readonly signal: AbortSignal
  readonly clock: Clock
}

/** Calls `onLine` for each later line. Resolves when the Flow, or the only pod that was asked for, was removed. @throws FORBIDDEN, UNAVAILABLE */
export async function laterLines(
  output: FlowOutput,
  { of, earlier, signal, clock }: LaterOptions,
  onLine: (line: SourceLine) => void,
): Promise<void> {
  const marks = new Map<string, Mark>()
  for (const { source, stamp } of earlier) mark(marks, source.name, stamp)
  const followed = new Map<string, Promise<void>>()
  let failure: unknown = null
  let isOnePod = false
  const stopped = new AbortController()
  const either = AbortSignal.any([signal, stopped.signal])
  setMaxListeners(3 * mostFollowed, either)
  try {
    while (!either.aborted) {
      const all = await output.sources()
      const wanted = chooseSources(all, of)
      // a stage may be without containers for a while
      isOnePod ||= wanted.some(({ name }) => name === of)
      if (all.length === 0 || (wanted.length === 0 && isOnePod)) break
      for (const source of wanted) {
        if (!source.isRunning || followed.has(source.name)) continue
        if (followed.size >= mostFollowed) throw tooMany(wanted.length)
        const ended = follow(source, { marks, signal: either }, onLine)
          .catch((error: unknown) => {
            failure ??= error
            stopped.abort()
          })
          .finally(() => followed.delete(source.name))
        followed.set(source.name, ended)
      }
      await pause(everyMs, { signal: either, clock })
    }
  } finally {
    stopped.abort()
    await Promise.all(followed.values())
  }
  if (failure !== null) throw failure
}

async function follow(
  source: OutputSource,
  { marks, signal }: { readonly marks: Map<string, Mark>; readonly signal: AbortSignal },
  onLine: (line: SourceLine) => void,
): Promise<void> {
  const last = marks.get(source.name)
  let skip = last?.count ?? 0
  await source.read({ tail: null, since: last?.stamp ?? null, follow: true, signal }, (text) => {
    const line = parseTimed(text)
    if (line === null) return
    if (last !== undefined && line.stamp < last.stamp) return
    if (last !== undefined && line.stamp === last.stamp && skip > 0) {
      skip--
      return
    }
    mark(marks, source.name, line.stamp)
    onLine({ ...line, source })
  })
}

/** Standard output and standard error are read side by side: a line may come after one that is newer. */
function mark(marks: Map<string, Mark>, name: string, stamp: string): void {
  const last = marks.get(name)
  if (last !== undefined && stamp < last.stamp) return
  marks.set(name, { stamp, count: last?.stamp === stamp ? last.count + 1 : 1 })
}

function tooMany(count: number): MillraceError {
  return new MillraceError(
    'UNSUPPORTED',
    `${count} containers would be followed, and ${mostFollowed} can be at once. Name a stage, a shard or a pod.`,
  )
}
