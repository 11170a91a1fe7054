import type { Bar } from '../client-core/post.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { offProcess, onProcess } from '../lib/process-events.js'
import { keepBelow } from '../observe/standard-error.js'
import { type Progress, progressLine } from './progress-line.js'

export interface BarOptions {
  /** Number of steps; undefined when it is not known. */
  readonly total: number | undefined
  /** Default: stderr. */
  readonly stream?: Terminal
  readonly clock?: Clock
}

/** The part of a write stream that a bar uses. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const redrawMs = 100
const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'
const clearLine = '\r\u001b[2K'

/** Streams with a live bar; a second bar on the same stream prints only its last line. */
const busy = new WeakSet<Terminal>()

/**
 * 1. On a terminal the line is redrawn at most ten times a second, by one timer that does not keep the process alive.
 * 2. Elsewhere one plain line is written at the end.
 * 3. The cursor is hidden while the bar runs and shown again however it ends.
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
  const draw = (): void => void stream.write(clearLine + line('working'))
  const redraw = (): void => {
    draw()
    frame++
    cancel = clock.after(redrawMs, redraw)
  }
  const restore = live ? takeCursor(stream) : undefined
  // log lines are printed above the bar
  const release = live ? keepBelow({ clear: () => void stream.write(clearLine), draw }) : undefined
  if (live) redraw()
  return {
    step() {
      steps++
    },
    end(how) {
      if (ended) return
      ended = true
      cancel()
      release?.()
      stream.write(`${stream.isTTY === true ? clearLine : ''}${line(how)}\n`)
      restore?.()
    },
  }
}

/** Hides the cursor. The returned function shows it again; so does the exit of the process. */
function takeCursor(stream: Terminal): () => void {
  busy.add(stream)
  stream.write(hideCursor)
  const restore = (): void => {
    offProcess('exit', restore)
    offProcess('SIGINT', onInterrupt)
    busy.delete(stream)
    stream.write(showCursor)
  }
  const onInterrupt = (): void => {
    stream.write('\n')
    restore()
    // without another listener the default action ends the process: restore that
    if (process.listenerCount('SIGINT') === 0) process.kill(process.pid, 'SIGINT')
  }
  onProcess('exit', restore)
  onProcess('SIGINT', onInterrupt)
  return restore
}
