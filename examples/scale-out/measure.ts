import { performance } from 'node:perf_hooks'

/** Documents per request, Millrace's default; one response is one step of the progress bar. */
export const REQUEST_SIZE = 100

export interface Measured {
  /** Number of returned documents. */
  readonly documents: number
  readonly seconds: number
}

export type Report = (replicas: number, measured: Measured) => void

/** Measures a post from the call until every document is back. */
export async function measure(post: () => Promise<{ readonly length: number }>): Promise<Measured> {
  const start = performance.now()
  const { length } = await post()
  return { documents: length, seconds: (performance.now() - start) / 1000 }
}
