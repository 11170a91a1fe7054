import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What one side of a real connection sent, without a preface. */
export interface Recording {
  /** The program that sent it. */
  readonly from: string
  /** What happened on the connection. */
  readonly what: string
  /** Whole frames, in order. */
  readonly frames: readonly Buffer[]
}

interface RecordingFile {
  readonly [side: string]: readonly {
    readonly from: string
    readonly what: string
    readonly frames: readonly string[]
  }[]
}

export const recordingsFile: string = fileURLToPath(new URL('recordings.json', import.meta.url))

/** What `record.ts` has recorded of clients, or of servers. */
export function recordingsOf(side: 'clients' | 'servers'): readonly Recording[] {
  const file = JSON.parse(readFileSync(recordingsFile, 'utf8')) as RecordingFile
  return file[side]!.map(({ from, what, frames }) => ({
    from,
    what,
    frames: frames.map((frame) => Buffer.from(frame, 'base64')),
  }))
}
