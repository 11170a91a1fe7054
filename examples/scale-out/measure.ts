import { performance } from 'node:perf_hooks'

/** Documents of a request, Millrace's default: one request and its response are a step of the progress bar. */
export const REQUEST_SIZE = 100

export interface Measured {
  /** Documents that came back. */
  readonly documents: number
  readonly seconds: number
}

export type Report = (replicas: number, measured: Measured) => void

/** How long a post takes, from the call until every document is back. */
export async function measure(post: () => Promise<{ readonly length: number }>): Promise<Measured> {
  const start = performance.now()
  const { length } = await post()
  return { documents: length, seconds: (performance.now() - start) / 1000 }
}
