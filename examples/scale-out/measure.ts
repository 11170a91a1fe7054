import { performance } from 'node:perf_hooks'

/** Documents per request, Millrace's default; one response is one step of the progress bar. */
export const REQUEST_SIZE = 100

export interface Measured {
  /** Number of returned documents. */
  readonly documents: number
  readonly seconds: number
  /** CPU seconds of all processes meanwhile; undefined where they cannot be read. */
  readonly cpuSeconds: number | undefined
}

export type Report = (replicas: number, measured: Measured) => void

/** Measures a post from the call until every document is back. `cpuSeconds` gives the CPU seconds used so far. */
export async function measure(
  post: () => Promise<{ readonly length: number }>,
  cpuSeconds: () => Promise<number | undefined>,
): Promise<Measured> {
  const before = await cpuSeconds()
  const start = performance.now()
  const { length } = await post()
  const seconds = (performance.now() - start) / 1000
  const after = await cpuSeconds()
  const cpu = before === undefined || after === undefined ? undefined : after - before
  return { documents: length, seconds, cpuSeconds: cpu }
}
