import { askReadiness } from '../../client/readiness.js'
import { MillraceError } from '../../errors.js'
import { systemClock } from '../../lib/clock.js'
import { pause } from '../../lib/pause.js'
import { dial } from '../../transport/index.js'

/** Timeout of one attempt. */
const trialMs = 5000
/** Pause between attempts: short at first, because most containers take a second or two. */
const leastPauseMs = 50
const mostPauseMs = 500

export interface ReadyOptions {
  /** Stops trying. */
  readonly signal: AbortSignal
  /** Called after each failed attempt, with the reason. */
  onTrial(why: string): void
}

/** Polls the server on a local port until it is ready; false when `signal` aborts. Never rejects. */
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
 * Tries a dry run, which Millrace's Executors support, then the health service (Jina's), then endpoint discovery (any other
 * server). Null when ready.
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
