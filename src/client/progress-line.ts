/** What the progress bar shows at one moment. */
export interface Progress {
  readonly state: 'working' | 'done' | 'failed'
  /** Responses received. */
  readonly steps: number
  /** Responses expected in all; undefined when the number of inputs is not known. */
  readonly total: number | undefined
  readonly elapsedMs: number
  /** Index of the spinner frame. */
  readonly frame: number
}

export interface LineOptions {
  /** Width of the terminal; the line is shorter than it. `Infinity` without a terminal. */
  readonly columns: number
  readonly colour: boolean
}

const spinner = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏']
const texts = { working: 'Working...', done: 'DONE', failed: 'FAILED' } as const
const longestBar = 41
const shortestBar = 5

/**
 * One line: spinner, text, bar, elapsed time, rate, then percent and time left, or a summary when done.
 * Without a known total the bar wraps every 40 steps, as Jina's does, and is full when all are done.
 *
 * @example
 * ⠇       DONE ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸━━━━━ 0:00:06 18.1 step/s . 115 steps done in 6 seconds
 */
export function progressLine(progress: Progress, { columns, colour }: LineOptions): string {
  const head = `${spinnerOf(progress)} ${texts[progress.state].padStart(texts.working.length)}`
  const tail = tailOf(progress)
  const room = columns - 1 - head.length - tail.length - 2
  const width = Math.min(longestBar, room)
  if (width >= shortestBar) return `${head} ${barOf(progress, width, colour)} ${tail}`
  const line = `${head} ${tail}`
  return line.length < columns ? line : line.slice(0, Math.max(0, columns - 1))
}

function spinnerOf({ state, frame }: Progress): string {
  return state === 'working' ? spinner[frame % spinner.length]! : '⠇'
}

function barOf(progress: Progress, width: number, colour: boolean): string {
  const filled = filledOf(progress, width)
  const whole = filled >= width
  const left = whole ? '━'.repeat(width) : `${'━'.repeat(filled)}╸`
  const right = whole ? '' : '━'.repeat(width - filled - 1)
  if (!colour) return left + right
  const ink = { working: 35, done: 32, failed: 31 }[progress.state]
  return `\u001b[${ink}m${left}\u001b[90m${right}\u001b[39m`
}

function filledOf({ state, steps, total }: Progress, width: number): number {
  if (total === undefined && state === 'done') return width
  if (total === undefined) return Math.floor(((steps % 40) / 40) * (width - 1))
  return total === 0 ? width : Math.min(width, Math.floor((steps / total) * width))
}

function tailOf(progress: Progress): string {
  const { state, steps, total, elapsedMs } = progress
  const parts = [clockTime(elapsedMs), `${rate(progress).toFixed(1)} step/s`]
  if (total !== undefined)
    parts.push(`${Math.min(100, total === 0 ? 100 : Math.floor((steps / total) * 100))}%`)
  if (state === 'working') {
    if (total !== undefined && steps > 0) parts.push(`ETA: ${clockTime(timeLeftMs(progress, total))}`)
  } else {
    parts.push('.', `${steps} ${steps === 1 ? 'step' : 'steps'} done in ${duration(elapsedMs)}`)
  }
  return parts.join(' ')
}

function rate({ steps, elapsedMs }: Progress): number {
  return elapsedMs <= 0 ? 0 : (steps * 1000) / elapsedMs
}

function timeLeftMs({ steps, elapsedMs }: Progress, total: number): number {
  return (elapsedMs / steps) * Math.max(0, total - steps)
}

/** `0:01:05`. */
function clockTime(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const two = (value: number): string => String(value % 60).padStart(2, '0')
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60))}:${two(seconds)}`
}

/** `6 seconds`, `1 minute and 5 seconds`, `0.4 seconds`. */
function duration(ms: number): string {
  if (ms < 1000) return `${(ms / 1000).toFixed(1)} seconds`
  const seconds = Math.floor(ms / 1000)
  const parts = [
    counted(Math.floor(seconds / 3600), 'hour'),
    counted(Math.floor(seconds / 60) % 60, 'minute'),
    counted(seconds % 60, 'second'),
  ].filter((part) => part !== '')
  return parts.length === 1 ? parts[0]! : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}

function counted(count: number, unit: string): string {
  if (count === 0) return ''
  return `${count} ${count === 1 ? unit : `${unit}s`}`
}
