import { type Measured, REQUEST_SIZE } from './measure.js'

/** One line of the table at the end. */
export interface Run {
  readonly replicas: number
  readonly documents: number
  readonly steps: number
  readonly seconds: number
  readonly stepsPerSecond: number
  /** How many times as fast as the first run. */
  readonly speedUp: number
}

/** @param first seconds of the run that the speed-up is relative to */
export function runOf(replicas: number, { documents, seconds }: Measured, first: number): Run {
  const steps = Math.ceil(documents / REQUEST_SIZE)
  return { replicas, documents, steps, seconds, stepsPerSecond: steps / seconds, speedUp: first / seconds }
}

export function table(runs: readonly Run[]): string {
  const head = ['replicas', 'steps', 'seconds', 'steps/s', 'speed-up']
  const rows = runs.map(({ replicas, steps, seconds, stepsPerSecond, speedUp }) => [
    String(replicas),
    String(steps),
    seconds.toFixed(2),
    stepsPerSecond.toFixed(1),
    `${speedUp.toFixed(2)}×`,
  ])
  const line = (cells: string[]): string => cells.map((cell) => cell.padStart(10)).join('')
  return [line(head), line(head.map(({ length }) => '─'.repeat(length))), ...rows.map(line)].join('\n')
}
