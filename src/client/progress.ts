import { type Clock, systemClock } from '../lib/clock.js'
import { type Progress, progressLine } from './progress-line.js'

/** A progress bar that runs. */
export interface Bar {
  step(): void
  /** Draws a last time. Only the first call counts. */
  end(how: 'done' | 'failed'): void
}

export interface BarOptions {
  /** Steps in all, if known. */
  readonly total: number | undefined
  /** standard error by default. */
  readonly stream?: Terminal
  readonly clock?: Clock
}

/** The part of a write stream that matters here. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const redrawMs = 100
const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'
const clearLine = '\r\u001b[2K'

/** Streams on which a bar is drawn now; a second one there only says its last line. */
const busy = new WeakSet<Terminal>()

/**
 * 1. On a terminal one line is drawn over and over, at most ten times a second, by one timer that keeps no process alive.
 * 2. Elsewhere one plain line is written at the end.
 * 3. The cursor is hidden while it runs and shown again however it ends.
 */
export function startBar({ total, stream = process.stderr, clock = systemClock }: BarOptions): Bar {
  const start = clock.monotonic()
  const live = stream.isTTY === true && !busy.has(stream)
  let steps = 0
  let frame = 0
  let ended = false
  let cancel = (): void => {}
  const line = (state: Progress['state']): string => {
    const columns = stream.isTTY === true ? (stream.columns ?? 80) : Number.POSITIVE_INFINITY
    const colour = stream.isTTY === true && !process.env.NO_COLOR
    return progressLine(
      { state, steps, total, elapsedMs: clock.monotonic() - start, frame },
      { columns, colour },
    )
  }
  const draw = (): void => {
    stream.write(clearLine + line('working'))
    frame++
    cancel = clock.after(redrawMs, draw)
  }
  const restore = live ? takeCursor(stream) : undefined
  if (live) draw()
  return {
    step() {
      steps++
    },
    end(how) {
      if (ended) return
      ended = true
      cancel()
      stream.write(`${stream.isTTY === true ? clearLine : ''}${line(how)}\n`)
      restore?.()
    },
  }
}

/** Hides the cursor; what comes back shows it again, and so does the end of the process. */
function takeCursor(stream: Terminal): () => void {
  busy.add(stream)
  stream.write(hideCursor)
  const restore = (): void => {
    process.off('exit', restore)
    process.off('SIGINT', onInterrupt)
    busy.delete(stream)
    stream.write(showCursor)
  }
  const onInterrupt = (): void => {
    stream.write('\n')
    restore()
    // with nobody else listening the signal would have ended the process: so it does
    if (process.listenerCount('SIGINT') === 0) process.kill(process.pid, 'SIGINT')
  }
  process.on('exit', restore)
  process.on('SIGINT', onInterrupt)
  return restore
}
