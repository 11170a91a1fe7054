import { askReadiness } from '../../client/readiness.js'
import { MillraceError } from '../../errors.js'
import { systemClock } from '../../lib/clock.js'
import { pause } from '../../lib/pause.js'
import { dial } from '../../transport/index.js'

/** One question. */
const trialMs = 5000
/** Between two of them: soon at first, for most containers take a second or two. */
const leastPauseMs = 50
const mostPauseMs = 500

export interface ReadyOptions {
  /** Gives up. */
  readonly signal: AbortSignal
  /** Why it was not ready at a trial. */
  onTrial(why: string): void
}

/** Asks what listens at a port of this machine until it is ready; false when that is not wanted any more. Never rejects. */
export async function untilReady(port: number, { signal, onTrial }: ReadyOptions): Promise<boolean> {
  for (let pauseMs = leastPauseMs; !signal.aborted; pauseMs = Math.min(mostPauseMs, pauseMs * 1.5)) {
    const why = await whyNotReady(port)
    if (why === null) return !signal.aborted
    onTrial(why)
    await pause(pauseMs, { signal, clock: systemClock })
  }
  return false
}

/**
 * Asked for a dry run, which Millrace's Executors know; one of Jina's, which does not, for its health, and any other one what it
 * serves.
 */
async function whyNotReady(port: number): Promise<string | null> {
  for (const isFlow of [true, false]) {
    try {
      await askReadiness(`grpc://127.0.0.1:${port}`, { isFlow, timeoutMs: trialMs })
      return null
    } catch (error) {
      const { code, message } = MillraceError.from(error)
      if (code !== 'UNSUPPORTED' && code !== 'NOT_FOUND') return message
    }
  }
  return describes(port)
}

async function describes(port: number): Promise<string | null> {
  const channel = await dial({ kind: 'grpc', host: '127.0.0.1', port, tls: false })
  try {
    await channel.describe()
    return null
  } catch (error) {
    return MillraceError.from(error).message
  } finally {
    await channel.close()
  }
}
