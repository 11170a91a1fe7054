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
  /** CPU seconds of the program, the gateway and all replicas; undefined where they cannot be read. */
  readonly cpuSeconds: number | undefined
}

/** @param first seconds of the run that the speed-up is relative to */
export function runOf(replicas: number, { documents, seconds, cpuSeconds }: Measured, first: number): Run {
  const steps = Math.ceil(documents / REQUEST_SIZE)
  const speedUp = first / seconds
  return { replicas, documents, steps, seconds, stepsPerSecond: steps / seconds, speedUp, cpuSeconds }
}

/**
 * How many times as fast as the first run any number of replicas can be: a run that uses `cpuSeconds` takes at least
 * `cpuSeconds / cores`.
 */
export function limitOf({ seconds, cpuSeconds }: Run, cores: number): string {
  const machine = cores === 1 ? 'This machine has 1 core' : `This machine has ${cores} cores`
  const shared = `${machine}, which the replicas share with the gateway and this program.`
  if (cpuSeconds === undefined || cpuSeconds === 0) return shared
  const most = Math.max(1, (seconds * cores) / cpuSeconds)
  return `${shared}\nThe first run used ${cpuSeconds.toFixed(2)} s of CPU, so the speed-up can be ${most.toFixed(1)}× at most.`
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
